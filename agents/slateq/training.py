"""Training SlateQ: serve with exploration, remember, learn from memory."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from driftrec.agents.baselines.common import read_mask
from driftrec.agents.policy import Observation, Slates
from driftrec.agents.slateq.replay import Descent, ExploredLanes, serve_and_learn
from driftrec.agents.slateq.values import ItemValues, Look, SlateQPolicy, SlateQSettings, UserModel, look_with, targets
from driftrec.envs.vector import RecommendationVectorEnv


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


class Explorer:
    """Serves the lanes of a vector environment, now and then with random slates.

    Args:
        envs: Autoreset "SameStep".
        policy: The learning policy.
        seed: Source of users and random slates.
        unit: Minutes that count as a reward of 1.
    """

    def __init__(self, envs: RecommendationVectorEnv, policy: SlateQPolicy, *, seed: int, unit: float) -> None:
        self.model, self.unit = policy.model, unit
        self._lanes = ExploredLanes(envs, policy, seed)
        self._state = self.model.states(self._lanes.observation)

    def step(self, epsilon: float) -> Step:
        """Show every lane the best slate, or with chance ``epsilon`` a random one."""
        served = self._lanes.step(epsilon)
        before, self._state = self._state, self.model.states(served.observation)
        return Step(
            state=before,
            opened=torch.from_numpy(_opened(served.slates, served.clicks, self.model.num_items)),
            reward=torch.from_numpy((served.reward / self.unit).astype(np.float32)),
            next_state=served.followed(self.model.states, self._state),
            next_read=served.followed(_read, _read(served.observation)),
            terminated=torch.from_numpy(served.terminated),
        )


def _read(observation: Observation) -> Tensor:
    return torch.from_numpy(observation["read_items"])


def _opened(slates: Slates, clicks: NDArray[np.bool_], nothing: int) -> NDArray[np.int64]:
    """Item opened, ``nothing`` where none was, (users,)."""
    position = clicks.argmax(axis=1)[:, None]
    return np.where(clicks.any(axis=1), np.take_along_axis(slates, position, axis=1)[:, 0], nothing)


class SlateQLearner:
    """Moves the values of what was opened towards what a target network makes of the time after.

    Args:
        model: State and choices; not changed.
        network: Values; learns.
        settings: How.
        seed: Source of the draws from memory.

    Attributes:
        descent: Takes the gradients.
    """

    def __init__(self, model: UserModel, network: ItemValues, settings: SlateQSettings, seed: int) -> None:
        self.model, self.settings = model, settings
        target = copy.deepcopy(network)
        self._look: Look = look_with(model, network)
        self._target_look: Look = look_with(model, target)
        self.descent: Descent[Step] = Descent(network, target, self.loss, settings, seed)

    def loss(self, batch: Step) -> Tensor:
        """Huber's, of the values of what was opened."""
        outlook = self._look(batch.state)
        values = torch.cat([outlook.items, outlook.no_click], dim=1)  # opening nothing comes last
        return nn.functional.smooth_l1_loss(values.gather(1, batch.opened[:, None])[:, 0], self.targets(batch))

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
    explorer = Explorer(envs, SlateQPolicy(model, network), seed=seed, unit=settings.unit)
    serve_and_learn(explorer, SlateQLearner(model, network, settings, seed).descent, settings, tick)
