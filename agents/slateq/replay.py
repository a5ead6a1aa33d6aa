"""What learning Q from a replay buffer takes, whatever the values are of: serve, remember, follow a target network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from driftrec.agents.baselines.common import draw_distinct
from driftrec.agents.policy import Observation, Policy, Slates
from driftrec.agents.slateq.slateq_settings import SlateQSettings
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.noise import user_seeds

Step = Mapping[str, Tensor]
"""What is remembered of one step of some users, leading axis users."""


class Replay:
    """A ring of steps.

    Args:
        size: Steps it holds; the oldest are written over.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.added = 0
        self._kept: dict[str, Tensor] = {}

    def __len__(self) -> int:
        return min(self.added, self.size)

    def add(self, step: Step) -> None:
        """Remember the steps of some users, at most ``size``."""
        if not self._kept:
            self._kept = {name: value.new_zeros(self.size, *value.shape[1:]) for name, value in step.items()}
        users = len(next(iter(step.values())))
        rows = (self.added + torch.arange(users)) % self.size
        for name, value in step.items():
            self._kept[name][rows] = value
        self.added += users

    def sample(self, count: int, generator: torch.Generator) -> Step:
        """``count`` steps, each drawn from all; there must be some."""
        rows = torch.randint(len(self), (count,), generator=generator)
        return {name: value[rows] for name, value in self._kept.items()}


@dataclass
class Served:
    """What came of one slate to every lane, leading axis users.

    Attributes:
        slates: Shown, (users, slate_size).
        clicks: Bool, (users, slate_size).
        reward: In the world's unit, (users,).
        terminated: Whether the user left for good, bool, (users,).
        observation: What the lanes show now: where an episode is over, the next user.
        cut: Lanes whose episode was truncated, (cut,).
        last: The last observation of their users; None where there are none.
    """

    slates: Slates
    clicks: NDArray[np.bool_]
    reward: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    observation: Observation
    cut: NDArray[np.int64]
    last: Observation | None

    def followed(self, look: Callable[[Observation], Tensor], now: Tensor) -> Tensor:
        """What ``look`` sees of every user after the step; of no meaning for those who have left.

        Args:
            look: From an observation to a tensor, leading axis users.
            now: What it sees of ``observation``.
        """
        after = now.clone()
        if self.last is not None:  # the user who was cut off, not the next one in the lane
            after[torch.from_numpy(self.cut)] = look(self.last)
        return after


class ExploredLanes:
    """Serves the lanes of a vector environment, now and then with random slates.

    Args:
        envs: Autoreset "SameStep".
        policy: The learning policy.
        seed: Source of users and random slates.

    Attributes:
        observation: What the lanes show now.
    """

    def __init__(self, envs: RecommendationVectorEnv, policy: Policy, seed: int) -> None:
        self.envs, self.policy = envs, policy
        self._rng = np.random.default_rng([seed, 1])
        self.observation: Observation
        self.observation, _ = envs.reset(seed=user_seeds(seed, "training", envs.num_envs).tolist())

    def step(self, epsilon: float) -> Served:
        """Show every lane the best slate, or with chance ``epsilon`` a random one."""
        slates = self._slates(epsilon)
        observation, reward, terminated, truncated, info = self.envs.step(slates)
        self.observation = observation
        clicks, over = info["clicks"], terminated | truncated
        if over.any():
            clicks = np.where(over[:, None], info["final_info"]["clicks"], clicks)
        cut = np.flatnonzero(truncated)
        last = _joined([info["final_obs"][lane] for lane in cut]) if cut.size else None
        return Served(slates, clicks, reward, terminated, observation, cut, last)

    def _slates(self, epsilon: float) -> Slates:
        best = self.policy.act(self.observation)
        explores = self._rng.random((len(best), 1)) < epsilon
        return np.where(explores, draw_distinct(self._rng.random(best.shape), self.envs.world.num_items), best)


def _joined(rows: list[dict[str, NDArray[Any]]]) -> Observation:
    """Observations of one user each as a batch."""
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


class Descent:
    """Gradients on what a replay buffer holds, with a copy of the network that follows behind.

    Args:
        network: Values; learns.
        target: A copy of it, to take targets from; made equal to it after every ``settings.sync`` gradients.
        loss: Of a batch.
        settings: How.
        seed: Source of the draws from memory.
    """

    def __init__(
        self,
        network: nn.Module,
        target: nn.Module,
        loss: Callable[[Step], Tensor],
        settings: SlateQSettings,
        seed: int,
    ) -> None:
        self.network, self.target, self.settings = network, target, settings
        self._loss = loss
        self._optimizer = torch.optim.Adam(network.parameters(), settings.learning_rate)
        self._generator = torch.Generator().manual_seed(seed)
        self._gradients = 0

    def step(self, replay: Replay, left: float) -> None:
        """One gradient, with ``left`` of the step size."""
        loss = self._loss(replay.sample(self.settings.batch_size, self._generator))
        self._optimizer.param_groups[0]["lr"] = self.settings.learning_rate * left
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        self._gradients += 1
        if self._gradients % self.settings.sync == 0:
            self.target.load_state_dict(self.network.state_dict())


class Explores(Protocol):
    """Takes steps in an environment."""

    def step(self, epsilon: float) -> Step:
        """One step of every lane, with chance ``epsilon`` of a random slate; what to remember of it."""
        ...


def serve_and_learn(
    explorer: Explores, descent: Descent, settings: SlateQSettings, tick: Callable[[int], None]
) -> None:
    """Take ``settings.total_steps`` steps and learn from what is remembered of them.

    Args:
        explorer: Takes the steps.
        descent: Learns.
        settings: How.
        tick: Called with environment steps taken, before each step of all lanes and after the last.
    """
    replay = Replay(settings.memory)
    while replay.added < settings.total_steps:
        tick(replay.added)
        replay.add(explorer.step(settings.exploration(replay.added)))
        if replay.added >= settings.warm_up:
            for _ in range(settings.gradients):
                descent.step(replay, max(1.0 - replay.added / settings.total_steps, 0.0))
    tick(replay.added)
