"""Training stable-baselines3's PPO and SAC with ``MlpPolicy``, through the wrappers of ``stock.sb3``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gymnasium import spaces
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy
from stable_baselines3.common.vec_env import VecEnv, VecNormalize
from stable_baselines3.sac.policies import SACPolicy

from driftrec.agents.policy import Context
from driftrec.agents.setup import Setup
from driftrec.agents.stock.sb3 import Actions, FlatObservations, ItemNumbers, NearestItems, StockVecEnv
from driftrec.envs.sb3_bridge import SB3VecEnv
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.ranges import check_ranges


@dataclass(frozen=True)
class StockPPOSettings:
    """How stock PPO trains; whatever is not here is as in stable-baselines3.

    Attributes:
        total_steps: Environment steps, rounded up to whole rollouts.
        lanes: Users served side by side.
        rollout: Steps a lane between updates.
        batch_size: Steps a gradient.
        epochs: Passes over a rollout.
        learning_rate: Adam's step size.
        gamma: Discount a step.
        greedy: Serve the most likely item of every position; False draws them, which validates better.
        validations: Measurements of the policy, from before the first step to after the last; the best is kept.
        validation_users: Users of a measurement, always the same.
    """

    total_steps: int = 250_000
    lanes: int = 128
    rollout: int = 32
    batch_size: int = 512
    epochs: int = 4
    learning_rate: float = 3e-4
    gamma: float = 0.98
    greedy: bool = False
    validations: int = 6
    validation_users: int = 128

    def __post_init__(self) -> None:
        check_ranges(self, total_steps=(1, 1e12), lanes=(1, 1e6), rollout=(2, 1e6), batch_size=(2, 1e9))
        check_ranges(self, epochs=(1, 1e3), learning_rate=(0, 10), gamma=(0, 1))
        check_ranges(self, validations=(2, 10_000), validation_users=(1, 1e6))

    @property
    def at_a_time(self) -> int:
        """Environment steps between two chances to measure: a rollout of all lanes."""
        return self.lanes * self.rollout

    def build(self, venv: VecEnv, seed: int) -> BaseAlgorithm:
        """The algorithm on ``venv``."""
        return PPO(
            "MlpPolicy",
            venv,
            n_steps=self.rollout,
            batch_size=self.batch_size,
            n_epochs=self.epochs,
            learning_rate=self.learning_rate,
            gamma=self.gamma,
            seed=seed,
            device="cpu",
        )

    def actions(self, context: Context) -> Actions:
        """What its actions mean."""
        return ItemNumbers(context)

    def network(self, observations: spaces.Box, actions: spaces.Space[Any]) -> BasePolicy:
        """An untrained network of the same shape, with no training around it."""
        return ActorCriticPolicy(observations, actions, lambda left: 0.0)


@dataclass(frozen=True)
class StockSACSettings:
    """How stock SAC trains; whatever is not here is as in stable-baselines3.

    Attributes:
        total_steps: Environment steps, rounded up to a step of every lane.
        lanes: Users served side by side.
        memory: Environment steps that the replay buffer holds.
        warm_up: Environment steps with random actions before the first gradient.
        batch_size: Steps a gradient.
        gradients: Gradients after a step of every lane.
        learning_rate: Adam's step size.
        gamma: Discount a step.
        components: Principal components of the items, the length of an action.
        greedy: Serve the mean action; False draws it, which validates better: the nearest items are much alike.
        validations: Measurements of the policy, from before the first step to after the last; the best is kept.
        validation_users: Users of a measurement, always the same.
    """

    total_steps: int = 250_000
    lanes: int = 128
    memory: int = 250_000
    warm_up: int = 5_000
    batch_size: int = 256
    gradients: int = 4
    learning_rate: float = 3e-4
    gamma: float = 0.98
    components: int = 16
    greedy: bool = False
    validations: int = 6
    validation_users: int = 128

    def __post_init__(self) -> None:
        check_ranges(self, total_steps=(1, 1e12), lanes=(1, 1e6), memory=(1, 1e8), warm_up=(0, 1e12))
        check_ranges(self, batch_size=(1, 1e9), gradients=(1, 1e3), learning_rate=(0, 10), gamma=(0, 1))
        check_ranges(self, validations=(2, 10_000), validation_users=(1, 1e6))
        check_ranges(self, components=(1, 1e6))

    @property
    def at_a_time(self) -> int:
        """Environment steps between two chances to measure: one of every lane."""
        return self.lanes

    def build(self, venv: VecEnv, seed: int) -> BaseAlgorithm:
        """The algorithm on ``venv``."""
        return SAC(
            "MlpPolicy",
            venv,
            buffer_size=self.memory,
            learning_starts=self.warm_up,
            batch_size=self.batch_size,
            train_freq=1,
            gradient_steps=self.gradients,
            learning_rate=self.learning_rate,
            gamma=self.gamma,
            seed=seed,
            device="cpu",
        )

    def actions(self, context: Context) -> Actions:
        """What its actions mean."""
        return NearestItems(context, self.components)

    def network(self, observations: spaces.Box, actions: spaces.Space[Any]) -> BasePolicy:
        """An untrained network of the same shape, with no training around it."""
        assert isinstance(actions, spaces.Box)
        return SACPolicy(observations, actions, lambda left: 0.0)


StockSettings = StockPPOSettings | StockSACSettings


STOCK: Mapping[str, type[StockSettings]] = {"sb3-ppo": StockPPOSettings, "sb3-sac": StockSACSettings}
"""Settings of the stock algorithms by kind of run."""


def build_stock(setup: Setup, settings: StockSettings, seed: int) -> BaseAlgorithm:
    """The algorithm on the world's environments, returns scaled."""
    bridge = SB3VecEnv(setup.envs(settings.lanes))
    context = setup.context
    venv = StockVecEnv(bridge, FlatObservations(context), settings.actions(context))
    model = settings.build(VecNormalize(venv, norm_obs=False, norm_reward=True, gamma=settings.gamma), seed)
    bridge.set_seeds(user_seeds(seed, "training", settings.lanes).tolist())  # after the model's own seeding: s + lane
    return model
