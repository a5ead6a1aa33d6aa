"""One user of any world as a ``gymnasium.Env``."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import EnvSpec
from numpy.typing import NDArray

from driftrec.envs.episodes import limit, told
from driftrec.envs.rendering import MODES, Account, check_render_mode
from driftrec.envs.spaces import action_space, observation_space
from driftrec.simulators.contract import check_members
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
        render_mode: "ansi" for ``render`` in words, None for none.

    Raises:
        TypeError: If the horizon is not whole, the render mode unknown, or a member of the world missing.
        ValueError: If the horizon is below 1, or None where no episode could ever end.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": list(MODES), "render_fps": 1}  # type: ignore[misc]

    def __init__(self, world: World[Any], horizon: int | None, render_mode: str | None = None) -> None:
        check_render_mode(render_mode)
        check_members(world)
        self.render_mode = render_mode
        self.world = world
        self.horizon = limit(world, horizon)
        self.observation_space = observation_space(world)  # type: ignore[assignment]
        self.action_space = action_space(world)
        self._lane_seed: np.uint64 | None = None
        self._episode = 0
        self._state: Any = None
        self._steps = 0
        self._over = True
        self._spec: EnvSpec | None = None
        self._account = None if render_mode is None else Account(world, self.horizon)
        self._words: str | None = None

    @property
    def spec(self) -> EnvSpec | None:
        """How ``gymnasium.make`` made this environment; ``max_episode_steps`` is the horizon.

        An environment made from it again wears gymnasium's own ``TimeLimit`` of as many steps on top, which says
        ``truncated`` too where a user leaves with the very last of them. Made with another horizon, it needs
        ``max_episode_steps=-1`` too, for no ``TimeLimit``.
        """
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        self._spec = told(spec, self.horizon)

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
        observation, info = self._observation(), self._info(no_feedback(1, self.world.slate_size))
        if self._account:
            self._words = self._account.begin(observation, info)
        return observation, info

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
        observation, reward = self._observation(), float(feedback.reward()[0])
        info = self._info(feedback.as_info())
        if self._account:
            self._words = self._account.step(self._steps, slates[0], observation, info)
        return observation, reward, terminated, truncated, info

    def render(self) -> str | None:
        """What the last step did, in words; None without a render mode.

        Raises:
            gymnasium.error.ResetNeeded: If no episode began.
        """
        if self._account is None:
            gym.logger.warn("render() has nothing to say: make the environment with render_mode='ansi'.")
        elif self._words is None:
            raise gym.error.ResetNeeded("No episode has begun; call reset() before render().")
        return self._words

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
