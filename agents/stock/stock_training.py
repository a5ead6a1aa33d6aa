"""Training stable-baselines3's PPO and SAC with ``MlpPolicy``, through the wrappers of ``stock.sb3``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gymnasium import spaces
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from driftrec.agents.policy import Context
from driftrec.agents.setup import Setup
from driftrec.agents.stock.sb3 import Actions, FlatObservations, ItemNumbers, NearestItems, StockVecEnv
from driftrec.envs.sb3_bridge import SB3VecEnv
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.ranges import check_ranges


@dataclass(frozen=True)
class StockSettings(ABC):
    """How a stock algorithm trains; whatever is not here is as in stable-baselines3.

    Attributes:
        total_steps: Environment steps, rounded up to whole rollouts (PPO) or to a step of every lane (SAC).
        lanes: Users served side by side.
        batch_size: Steps a gradient.
        learning_rate: Adam's step size.
        gamma: Discount a step.
        greedy: Serve the most likely actions; False draws them, which validates better.
        validations: Measurements of the policy, from before the first step to after the last; the best is kept.
        validation_users: Users of a measurement, always the same.
    """

    algorithm: ClassVar[type[PPO] | type[SAC]]

    total_steps: int = 250_000
    lanes: int = 128
    batch_size: int = 256
    learning_rate: float = 3e-4
    gamma: float = 0.98
    greedy: bool = False
    validations: int = 6
    validation_users: int = 128

    def __post_init__(self) -> None:
        check_ranges(self, total_steps=(1, 1e12), lanes=(1, 1e6), batch_size=(1, 1e9), learning_rate=(0, 10))
        check_ranges(self, gamma=(0, 1), validations=(2, 10_000), validation_users=(1, 1e6))

    @property
    def at_a_time(self) -> int:
        """Environment steps between two chances to measure: one of every lane."""
        return self.lanes

    @abstractmethod
    def own(self) -> dict[str, Any]:
        """What only this algorithm is told, by its own names."""

    @abstractmethod
    def actions(self, context: Context) -> Actions:
        """What its actions mean."""

    def build(self, venv: VecEnv, seed: int, device: str) -> PPO | SAC:
        """The algorithm on ``venv``, its networks on ``device``, where it also draws."""
        return self.algorithm(
            "MlpPolicy",
            venv,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            gamma=self.gamma,
            seed=seed,
            device=device,
            **self.own(),
        )

    def network(self, observations: spaces.Box, actions: spaces.Space[Any]) -> BasePolicy:
        """An untrained network of the same shape, with no training around it."""
        kind: Callable[..., BasePolicy] = self.algorithm.policy_aliases["MlpPolicy"]
        return kind(observations, actions, lambda left: 0.0)


@dataclass(frozen=True)
class StockPPOSettings(StockSettings):
    """How stock PPO trains.

    Attributes:
        rollout: Steps a lane between updates.
        epochs: Passes over a rollout.
        greedy: Serve the most likely item of every position; False draws them, which validates better.
    """

    algorithm = PPO

    batch_size: int = 512
    rollout: int = 32
    epochs: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(self, rollout=(2, 1e6), batch_size=(2, 1e9), epochs=(1, 1e3))

    @property
    def at_a_time(self) -> int:
        """Environment steps between two chances to measure: a rollout of all lanes."""
        return self.lanes * self.rollout

    def own(self) -> dict[str, Any]:
        """A rollout's length and passes."""
        return {"n_steps": self.rollout, "n_epochs": self.epochs}

    def actions(self, context: Context) -> Actions:
        """What its actions mean."""
        return ItemNumbers(context)


@dataclass(frozen=True)
class StockSACSettings(StockSettings):
    """How stock SAC trains.

    Attributes:
        memory: Environment steps that the replay buffer holds.
        warm_up: Environment steps with random actions before the first gradient.
        gradients: Gradients after a step of every lane.
        components: Principal components of the items, the length of an action.
        greedy: Serve the mean action; False draws it, which validates better: the nearest items are much alike.
    """

    algorithm = SAC

    memory: int = 250_000
    warm_up: int = 5_000
    gradients: int = 4
    components: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(self, memory=(1, 1e8), warm_up=(0, 1e12), gradients=(1, 1e3), components=(1, 1e6))

    def own(self) -> dict[str, Any]:
        """Its replay buffer and gradients."""
        return {
            "buffer_size": self.memory,
            "learning_starts": self.warm_up,
            "train_freq": 1,
            "gradient_steps": self.gradients,
        }

    def actions(self, context: Context) -> Actions:
        """What its actions mean."""
        return NearestItems(context, self.components)


STOCK: Mapping[str, type[StockSettings]] = {"sb3-ppo": StockPPOSettings, "sb3-sac": StockSACSettings}
"""Settings of the stock algorithms by kind of run."""


def build_stock(setup: Setup, settings: StockSettings, seed: int) -> PPO | SAC:
    """The algorithm on the world's environments, returns scaled."""
    bridge = SB3VecEnv(setup.envs(settings.lanes))
    context = setup.context
    venv = StockVecEnv(bridge, FlatObservations(context), settings.actions(context))
    model = settings.build(
        VecNormalize(venv, norm_obs=False, norm_reward=True, gamma=settings.gamma), seed, setup.device
    )
    bridge.set_seeds(user_seeds(seed, "training", settings.lanes).tolist())  # after the model's own seeding: s + lane
    return model
