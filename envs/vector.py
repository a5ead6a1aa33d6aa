"""Many users of any world as a native ``gymnasium.vector.VectorEnv``: one array operation for all lanes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from driftrec.envs.episodes import limit, told
from driftrec.envs.spaces import action_space, observation_space
from driftrec.simulators.contract import check_members
from driftrec.simulators.noise import child_seeds
from driftrec.simulators.sizes import size
from driftrec.simulators.world import World, check_slates, no_feedback, put

Observation = dict[str, NDArray[Any]]
Info = dict[str, Any]


class RecommendationVectorEnv(VectorEnv[Observation, NDArray[np.int64], NDArray[Any]]):
    """Many users side by side; lane i behaves bit for bit like a ``RecommendationEnv`` with that lane's seed.

    Args:
        world: The world, see ``driftrec.simulators.world.World``.
        num_envs: Lanes.
        horizon: Steps after which an episode is truncated; None for no limit.
        autoreset_mode: What happens to a lane whose episode is over: "NextStep" (gymnasium's default), "SameStep"
            (as stable-baselines3 wants it) or "Disabled" (reset with ``options={"reset_mask": mask}``).

    Raises:
        TypeError: If ``num_envs`` or ``horizon`` is not whole, or a member of the world missing.
        ValueError: If one of them is below 1, no episode could ever end, or the mode is unknown.
    """

    CHANGING = ("_lane_seeds", "_episodes", "_steps", "_over", "_state")
    """Attributes that change while lanes are served: lanes that have those of others go on as these do."""

    def __init__(
        self,
        world: World[Any],
        num_envs: int,
        horizon: int | None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
    ) -> None:
        check_members(world)
        self.world = world
        self.horizon = limit(world, horizon)
        self.num_envs = num_envs = size("num_envs", num_envs)
        self.autoreset_mode = _mode(autoreset_mode)
        self.metadata = {"render_modes": [], "autoreset_mode": self.autoreset_mode}
        self.single_observation_space = observation_space(world)
        self.single_action_space = action_space(world)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._lane_seeds: NDArray[np.uint64] | None = None
        self._episodes = np.zeros(num_envs, np.int64)  # episodes begun
        self._steps = np.zeros(num_envs, np.int64)  # steps in this episode
        self._over = np.ones(num_envs, np.bool_)
        self._state: Any = None
        self._spec: EnvSpec | None = None

    @property
    def spec(self) -> EnvSpec | None:
        """How ``gymnasium.make_vec`` made these lanes; ``max_episode_steps`` is the horizon."""
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        self._spec = told(spec, self.horizon)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, Info]:
        """Start an episode in every lane, or in those of ``options["reset_mask"]``.

        An int seed s gives lane i the seed s + i; a sequence gives each lane its own (None keeps that lane's).
        """
        super().reset(seed=seed if isinstance(seed, int) else None)
        lanes = self._lanes_to_reset(options)
        self._seed_lanes(seed, lanes)
        self._begin(lanes)
        return self.world.observe(self._state), self._info(no_feedback(self.num_envs, self.world.slate_size), lanes)

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[Observation, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], Info]:
        """Show one slate a lane, (num_envs, slate_size).

        Raises:
            gymnasium.error.ResetNeeded: Before the first reset, and for lanes that are over in mode "Disabled".
            TypeError: If the slates are not integers.
            ValueError: If their shape is wrong or an item does not exist.
        """
        slates = check_slates(actions, self.num_envs, self.world.slate_size, self.world.num_items)
        waiting = self._waiting_lanes()
        feedback = self.world.step(self._state, slates)
        self._steps += 1
        rewards = feedback.reward().astype(np.float64)
        terminated = feedback.left.copy()
        truncated = np.zeros(self.num_envs, np.bool_) if self.horizon is None else self._steps >= self.horizon
        truncated &= ~terminated
        info = feedback.as_info()
        if waiting.size:
            self._begin(waiting)
            rewards[waiting], terminated[waiting], truncated[waiting] = 0.0, False, False
            _blank(info, waiting)
        self._over = terminated | truncated
        if self.autoreset_mode == AutoresetMode.SAME_STEP and self._over.any():
            return self._same_step_reset(rewards, terminated, truncated, info)
        return self.world.observe(self._state), rewards, terminated, truncated, self._info(info)

    def _same_step_reset(
        self,
        rewards: NDArray[np.float64],
        terminated: NDArray[np.bool_],
        truncated: NDArray[np.bool_],
        info: Info,
    ) -> tuple[Observation, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], Info]:
        """Move last observations and infos aside and begin anew in the lanes that are over."""
        lanes = np.flatnonzero(self._over)
        over = self._over.copy()
        observation = self.world.observe(self._state)
        last = {name: value[lanes] for name, value in observation.items()}
        final_obs = np.full(self.num_envs, None, object)
        for row, lane in enumerate(lanes):
            final_obs[lane] = {name: value[row] for name, value in last.items()}
        final_info = self._info(info, lanes)
        fresh = self.world.observe(self._begin(lanes))
        for name, value in observation.items():
            value[lanes] = fresh[name]
        _blank(info, lanes)
        infos = self._info(info)
        infos.update(final_obs=final_obs, _final_obs=over, final_info=final_info, _final_info=over.copy())
        return observation, rewards, terminated, truncated, infos

    def _begin(self, lanes: NDArray[np.intp]) -> Any:
        """Bring the next user into each of ``lanes``; returns the state of these users alone."""
        assert self._lane_seeds is not None
        fresh = self.world.reset(child_seeds(self._lane_seeds[lanes], self._episodes[lanes]))
        if self._state is None:
            self._state = fresh
        else:
            put(self._state, lanes, fresh)
        self._episodes[lanes] += 1
        self._steps[lanes] = 0
        self._over[lanes] = False
        return fresh

    def _waiting_lanes(self) -> NDArray[np.intp]:
        """Lanes whose episode is over and that begin anew in this step, their action ignored."""
        if self._state is None:
            raise gym.error.ResetNeeded("No episode has begun; call reset() before step().")
        waiting = np.flatnonzero(self._over)
        if waiting.size and self.autoreset_mode == AutoresetMode.DISABLED:
            raise gym.error.ResetNeeded(
                f"Lanes {waiting[:5].tolist()} are over; call reset(options={{'reset_mask': mask}}) before step()."
            )
        return waiting

    def _lanes_to_reset(self, options: dict[str, Any] | None) -> NDArray[np.intp]:
        mask = (options or {}).get("reset_mask")
        if mask is None:
            return np.arange(self.num_envs)
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (self.num_envs,):
            raise ValueError(f"options['reset_mask'] must be a bool array of shape ({self.num_envs},), not {mask!r}.")
        if self._state is None and not mask.all():
            raise gym.error.ResetNeeded("The first reset must bring a user into every lane; leave reset_mask out.")
        return np.flatnonzero(mask)

    def _seed_lanes(self, seed: int | Sequence[int | None] | None, lanes: NDArray[np.intp]) -> None:
        if self._lane_seeds is None:
            self._lane_seeds = self.np_random.integers(2**64, size=self.num_envs, dtype=np.uint64)
        if seed is None:
            return
        seeds = [int(seed) + i for i in range(self.num_envs)] if isinstance(seed, int | np.integer) else list(seed)
        if len(seeds) != self.num_envs:
            raise ValueError(f"{len(seeds)} seeds for {self.num_envs} lanes; give one seed a lane, or one int.")
        for lane in lanes:
            lane_seed = seeds[lane]
            if lane_seed is not None:
                self._lane_seeds[lane] = np.uint64(int(lane_seed) % 2**64)
                self._episodes[lane] = 0

    def _info(self, feedback: Info, lanes: NDArray[np.intp] | None = None) -> Info:
        """Feedback and hidden truth, each with the mask of lanes it holds for, as gymnasium's vector infos."""
        mask = np.ones(self.num_envs, np.bool_)
        if lanes is not None:
            mask[:] = False
            mask[lanes] = True
        info: Info = {}
        for name, value in {**feedback, **self.world.reveal(self._state)}.items():
            info[name] = value if lanes is None else np.where(_like(mask, value), value, np.zeros_like(value))
            info[f"_{name}"] = mask.copy()
        return info


def _mode(mode: str | AutoresetMode) -> AutoresetMode:
    try:
        return AutoresetMode(mode)
    except ValueError:
        names = ", ".join(repr(m.value) for m in AutoresetMode)
        raise ValueError(f"autoreset_mode is {mode!r}; it must be one of {names}.") from None


def _like(mask: NDArray[np.bool_], value: NDArray[Any]) -> NDArray[np.bool_]:
    return mask.reshape(-1, *[1] * (value.ndim - 1))


def _blank(info: Info, lanes: NDArray[np.intp]) -> None:
    """What an info says right after a reset: nothing has happened."""
    for value in info.values():
        value[lanes] = 0
