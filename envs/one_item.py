"""One-item worlds with ``Discrete`` actions, for agents of values such as DQN and QR-DQN."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs
from gymnasium.vector import VectorActionWrapper, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from driftrec.simulators.world import World

Observation = dict[str, NDArray[Any]]


class OneItem(gym.ActionWrapper[Observation, np.int64, NDArray[np.int64]], RecordConstructorArgs):
    """One user of a world with slates of one: the action is the item, everything else as it was.

        DQN("MultiInputPolicy", OneItem(gym.make("driftrec/News-v0", slate_size=1)))

    Args:
        env: A ``driftrec.envs.single.RecommendationEnv``, bare or behind gymnasium's wrappers.

    Raises:
        ValueError: If its slates have more positions than one.
    """

    def __init__(self, env: gym.Env[Observation, NDArray[np.int64]]) -> None:
        RecordConstructorArgs.__init__(self)
        super().__init__(env)
        self.action_space = spaces.Discrete(_items(env.unwrapped.world))  # type: ignore[attr-defined]

    def action(self, action: np.int64) -> NDArray[np.int64]:
        """The slate of the item, (1,)."""
        return np.asarray(action)[..., None]


class OneItemLanes(VectorActionWrapper):
    """Many users of a world with slates of one: actions are items, (num_envs,).

    Args:
        envs: A ``driftrec.envs.vector.RecommendationVectorEnv``, in any autoreset mode.

    Raises:
        ValueError: If its slates have more positions than one.
    """

    def __init__(self, envs: VectorEnv[Any, Any, Any]) -> None:
        super().__init__(envs)
        self.single_action_space = spaces.Discrete(_items(envs.unwrapped.world))  # type: ignore[attr-defined]
        self.action_space = batch_space(self.single_action_space, envs.num_envs)

    def actions(self, actions: NDArray[np.int64]) -> NDArray[np.int64]:
        """The slates of the items, (num_envs, 1)."""
        return np.asarray(actions)[..., None]


def _items(world: World[Any]) -> int:
    """Items of a one-item world."""
    if world.slate_size != 1:
        raise ValueError(
            f"Slates have {world.slate_size} positions; make the environment with slate_size=1, or use Picks, "
            "which takes a slate item by item."
        )
    return world.num_items
