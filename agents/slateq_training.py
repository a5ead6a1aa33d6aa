"""Training SlateQ: serve with exploration, remember, learn from memory."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from driftrec.agents.baselines.common import draw_distinct, read_mask
from driftrec.agents.policy import Observation, Slates
from driftrec.agents.slateq import ItemValues, Look, SlateQPolicy, SlateQSettings, UserModel, look_with, targets
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.noise import user_seeds


@dataclass
class Step:
    """What one step of some users came to, leading axis users.

    Attributes:
        state: State vectors before, (users, state_dims).
        opened: Item opened, number of items for none, int64, (users,).
        reward: Scaled minutes, (users,).
        next_state: State vectors after; of no meaning where ``terminated``. (users, state_dims)
        next_read: What had been read lately by then, -1 for none, (users, reads).
        terminated: Whether the user left for good, bool, (users,).
    """

    state: Tensor
    opened: Tensor
    reward: Tensor
    next_state: Tensor
    next_read: Tensor
    terminated: Tensor


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
        rows = (self.added + torch.arange(len(step.reward))) % self.size
        for name, value in vars(step).items():
            if name not in self._kept:
                self._kept[name] = torch.zeros(self.size, *value.shape[1:], dtype=value.dtype)
            self._kept[name][rows] = value
        self.added += len(step.reward)

    def sample(self, count: int, generator: torch.Generator) -> Step:
        """``count`` steps, each drawn from all."""
        rows = torch.randint(len(self), (count,), generator=generator)
        return Step(**{name: value[rows] for name, value in self._kept.items()})


class Explorer:
    """Serves the lanes of a vector environment, now and then with random slates.

    Args:
        envs: Autoreset "SameStep".
        policy: The learning policy.
        seed: Source of users and random slates.
        unit: Minutes that count as a reward of 1.
    """

    def __init__(self, envs: RecommendationVectorEnv, policy: SlateQPolicy, *, seed: int, unit: float) -> None:
        self.envs, self.policy, self.unit = envs, policy, unit
        self._rng = np.random.default_rng([seed, 1])
        self._observation: Observation
        self._observation, _ = envs.reset(seed=user_seeds(seed, "training", envs.num_envs).tolist())
        self._state = policy.model.states(self._observation)

    def step(self, epsilon: float) -> Step:
        """Show every lane the best slate, or with chance ``epsilon`` a random one."""
        slates = self._slates(epsilon)
        observation, minutes, terminated, truncated, info = self.envs.step(slates)
        clicks, over = info["clicks"], terminated | truncated
        if over.any():
            clicks = np.where(over[:, None], info["final_info"]["clicks"], clicks)
        before, self._observation, self._state = self._state, observation, self.policy.model.states(observation)
        next_state, next_read = self._state.clone(), observation["read_items"].copy()
        if truncated.any():  # the user who was cut off, not the next one in the lane
            lanes = np.flatnonzero(truncated)
            last = [info["final_obs"][lane] for lane in lanes]
            final = {name: np.stack([row[name] for row in last]) for name in last[0]}
            next_state[lanes], next_read[lanes] = self.policy.model.states(final), final["read_items"]
        return Step(
            state=before,
            opened=torch.from_numpy(_opened(slates, clicks, self.policy.model.num_items)),
            reward=torch.from_numpy((minutes / self.unit).astype(np.float32)),
            next_state=next_state,
            next_read=torch.from_numpy(next_read),
            terminated=torch.from_numpy(terminated),
        )

    def _slates(self, epsilon: float) -> Slates:
        best = self.policy.act(self._observation)
        explores = self._rng.random((len(best), 1)) < epsilon
        return np.where(explores, draw_distinct(self._rng.random(best.shape), self.policy.model.num_items), best)


def _opened(slates: Slates, clicks: NDArray[np.bool_], nothing: int) -> NDArray[np.int64]:
    """Item opened, ``nothing`` where none was, (users,)."""
    position = clicks.argmax(axis=1)[:, None]
    return np.where(clicks.any(axis=1), np.take_along_axis(slates, position, axis=1)[:, 0], nothing)


class SlateQLearner:
    """Gradients on what the replay buffer holds, towards a target network's values.

    Args:
        model: State and choices; not changed.
        network: Values; learns.
        settings: How.
        seed: Source of the draws from memory.
    """

    def __init__(self, model: UserModel, network: ItemValues, settings: SlateQSettings, seed: int) -> None:
        self.model, self.network, self.settings = model, network, settings
        self.target = copy.deepcopy(network)
        self._look: Look = look_with(model, network)
        self._target_look: Look = look_with(model, self.target)
        self._optimizer = torch.optim.Adam(network.parameters(), settings.learning_rate)
        self._generator = torch.Generator().manual_seed(seed)
        self._gradients = 0

    def learn(self, replay: Replay, left: float) -> None:
        """One gradient, with ``left`` of the step size."""
        batch = replay.sample(self.settings.batch_size, self._generator)
        outlook = self._look(batch.state)
        values = torch.cat([outlook.items, outlook.no_click], dim=1)  # opening nothing comes last
        loss = nn.functional.smooth_l1_loss(values.gather(1, batch.opened[:, None])[:, 0], self.targets(batch))
        self._optimizer.param_groups[0]["lr"] = self.settings.learning_rate * left
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        self._gradients += 1
        if self._gradients % self.settings.sync == 0:
            self.target.load_state_dict(self.network.state_dict())

    def targets(self, batch: Step) -> Tensor:
        """What the values of ``batch`` should be, by the target network, (users,)."""
        read = read_mask({"read_items": batch.next_read.numpy()}, self.model.num_items)
        return targets(
            self._target_look,
            batch.reward,
            batch.next_state,
            read,
            batch.terminated,
            gamma=self.settings.gamma,
            positions=self.model.positions,
        )


def learn_slateq(
    envs: RecommendationVectorEnv,
    model: UserModel,
    network: ItemValues,
    settings: SlateQSettings,
    *,
    seed: int,
    tick: Callable[[int], None] = lambda steps: None,
) -> None:
    """Train ``network`` in place.

    Args:
        envs: ``settings.lanes`` lanes, autoreset "SameStep".
        model: State and choices; not changed.
        network: Values.
        settings: How.
        seed: Source of users, exploration and draws from memory.
        tick: Called with environment steps taken, before each step of all lanes and after the last.
    """
    learner = SlateQLearner(model, network, settings, seed)
    explorer = Explorer(envs, SlateQPolicy(model, network), seed=seed, unit=settings.unit)
    replay = Replay(settings.memory)
    while replay.added < settings.total_steps:
        tick(replay.added)
        replay.add(explorer.step(settings.exploration(replay.added)))
        if replay.added >= settings.warm_up:
            for _ in range(settings.gradients):
                learner.learn(replay, max(1.0 - replay.added / settings.total_steps, 0.0))
    tick(replay.added)
