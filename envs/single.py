"""One user of any world as a ``gymnasium.Env``."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from driftrec.envs.spaces import action_space, observation_space
from driftrec.simulators.noise import child_seeds
from driftrec.simulators.world import World, check_slates, no_feedback

Observation = dict[str, NDArray[Any]]


class RecommendationEnv(gym.Env[Observation, NDArray[np.int64]]):
    """One user, from the first visit to churn (terminated) or to the horizon (truncated).

    ``reset(seed=s)`` starts the first user of seed ``s``; further resets without a seed bring the second, third and
    so on, always the same ones for the same seed.

    Args:
        world: The world, see ``driftrec.simulators.world.World``.
        horizon: Steps after which an episode is truncated; None for no limit.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}  # type: ignore[misc]

    def __init__(self, world: World[Any], horizon: int | None) -> None:
        self.world = world
        self.horizon = horizon
        self.observation_space = observation_space(world)  # type: ignore[assignment]
        self.action_space = action_space(world)
        self._lane_seed: np.uint64 | None = None
        self._episode = 0
        self._state: Any = None
        self._steps = 0
        self._over = True

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode with a new user."""
        super().reset(seed=seed)
        if seed is not None:
            self._lane_seed, self._episode = np.uint64(seed % 2**64), 0
        elif self._lane_seed is None:
            self._lane_seed = self.np_random.integers(2**64, dtype=np.uint64)
        self._state = self.world.reset(child_seeds(np.array([self._lane_seed]), np.array([self._episode])))
        self._episode += 1
        self._steps = 0
        self._over = False
        return self._observation(), self._info(no_feedback(1, self.world.slate_size))

    def step(self, action: NDArray[np.int64]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Show one slate of item positions, shape (slate_size,).

        Raises:
            gymnasium.error.ResetNeeded: If the episode is over or never began.
            TypeError: If the slate is not made of integers.
            ValueError: If its shape is wrong or an item does not exist.
        """
        if self._over:
            raise gym.error.ResetNeeded("The episode is over (or never began); call reset() before step().")
        slates = self._as_batch(np.asarray(action))
        feedback = self.world.step(self._state, slates)
        self._steps += 1
        terminated = bool(feedback.left[0])
        truncated = self._steps == self.horizon and not terminated
        self._over = terminated or truncated
        return (
            self._observation(),
            float(feedback.reward()[0]),
            terminated,
            truncated,
            self._info(feedback.as_info()),
        )

    def _as_batch(self, slate: NDArray[Any]) -> NDArray[np.int64]:
        """The checked slate as a batch of one; of its shape we complain here, since the batch is no caller's."""
        size = self.world.slate_size
        if slate.dtype.kind in "iu" and slate.shape != (size,):
            raise ValueError(f"The slate has shape {slate.shape}; expected (slate_size,) = {(size,)}.")
        return check_slates(slate[None], 1, size, self.world.num_items)

    def _observation(self) -> Observation:
        return {name: value[0] for name, value in self.world.observe(self._state).items()}

    def _info(self, feedback: dict[str, NDArray[Any]]) -> dict[str, Any]:
        rows = {name: value[0] for name, value in {**feedback, **self.world.reveal(self._state)}.items()}
        return {name: row.item() if np.ndim(row) == 0 else row for name, row in rows.items()}
