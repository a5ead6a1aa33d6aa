"""A slate as a sequence of picks: one item a micro-step, with action masks, for agents whose actions are ``Discrete``.

The reward is 0 until the slate is complete; then it is shown, and the step is the slate environment's own: same reward,
same user, same end. A discount of gamma a slate is gamma ** (1 / slate_size) a pick.

    env = Picks(gym.make("driftrec/News-v0"))
    lanes = SB3VecEnv(PicksLanes(NewsVectorEnv(64, autoreset_mode="SameStep")))
    MaskablePPO("MultiInputPolicy", lanes).learn(100_000)
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from driftrec.envs.partial_slates import PICKED, PartialSlates
from driftrec.simulators.world import no_feedback

Observation = dict[str, NDArray[Any]]
Info = dict[str, Any]


class Picks(gym.Wrapper[Observation, np.int64, Observation, NDArray[np.int64]], RecordConstructorArgs):
    """One user's slates picked item by item.

    Actions are item positions, the observation is the slate environment's with ``picked``, the slate so far: int32
    (slate_size,), -1 where nothing is yet. Infos between two slates say that nothing happened.

    Args:
        env: A ``driftrec.envs.single.RecommendationEnv``, bare or behind gymnasium's wrappers.
        withheld: True for items that must not be shown, bool, (items,); None where all may be.
        unread: Masks leave out what was read last, too, as the observation's ``read_items`` tell.

    Raises:
        TypeError: If ``withheld`` is not made of bools.
        ValueError: If its shape is wrong, too few items are left, or the items on offer change; or if ``unread`` is
            asked for where observations do not tell it.
    """

    def __init__(
        self,
        env: gym.Env[Observation, NDArray[np.int64]],
        withheld: NDArray[np.bool_] | None = None,
        unread: bool = False,
    ) -> None:
        RecordConstructorArgs.__init__(self, withheld=withheld, unread=unread)
        super().__init__(env)  # type: ignore[arg-type]  # what it wraps, not what it is
        world: Any = env.unwrapped.world  # type: ignore[attr-defined]
        self._slates = PartialSlates(world, 1, withheld, unread)
        self.observation_space = self._slates.space(env.observation_space)  # type: ignore[assignment]
        self.action_space = spaces.Discrete(world.num_items)
        self._last: tuple[Observation, Info] | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Observation, Info]:
        """Start an episode with a new user and an empty slate."""
        self._slates.clear()
        observation, info = self._last = self.env.reset(seed=seed, options=options)
        return self._with_slate(observation), _copied(info)

    def step(self, action: np.int64) -> tuple[Observation, float, bool, bool, Info]:
        """Pick one item; the last pick of a slate shows it.

        Raises:
            gymnasium.error.ResetNeeded: If the episode is over or never began.
            TypeError: If the action is not an integer.
            ValueError: If the item does not exist or is withheld.
        """
        if self._last is None:
            raise gym.error.ResetNeeded("The episode is over (or never began); call reset() before step().")
        slates = self._slates.pick(np.asarray(action)[None])
        if slates is None:
            observation, info = self._last
            nothing = {name: row[0] for name, row in no_feedback(1, self._slates.slate_size).items()}
            blank = {name: row.item() if row.ndim == 0 else row for name, row in nothing.items()}
            return self._with_slate(observation), 0.0, False, False, {**_copied(info), **blank}
        observation, reward, terminated, truncated, info = self.env.step(slates[0])
        self._last = None if terminated or truncated else (observation, info)
        return self._with_slate(observation), float(reward), terminated, truncated, _copied(info)

    def action_masks(self) -> NDArray[np.bool_]:
        """True for items that may be picked now: not withheld, not in the slate yet, not read last, (items,)."""
        seen = None if self._last is None else {name: value[None] for name, value in self._last[0].items()}
        return self._slates.masks(seen)[0]

    def _with_slate(self, observation: Observation) -> Observation:
        return {**_copied(observation), PICKED: self._slates.observe()[0]}


class PicksLanes(VectorWrapper[Observation, NDArray[np.int64], Observation, NDArray[np.int64], NDArray[Any]]):
    """Many users' slates picked item by item; lane i behaves like a ``Picks`` with that lane's seed.

    All lanes are at the same pick of their slates. ``action_masks()`` is (num_envs, items).

    Args:
        envs: A ``driftrec.envs.vector.RecommendationVectorEnv`` in autoreset mode "SameStep".
        withheld: True for items that must not be shown, bool, (items,); None where all may be.
        unread: Masks leave out what was read last, too, as the observation's ``read_items`` tell.

    Raises:
        TypeError: If ``withheld`` is not made of bools.
        ValueError: As of ``Picks``, or if the mode is another: a lane would begin anew amid the others' slates.
    """

    def __init__(
        self, envs: VectorEnv[Any, Any, Any], withheld: NDArray[np.bool_] | None = None, unread: bool = False
    ) -> None:
        mode = envs.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)
        if mode != AutoresetMode.SAME_STEP:
            raise ValueError(f"PicksLanes needs autoreset_mode='SameStep', not {mode.value!r}; give it to the lanes.")
        super().__init__(envs)
        world: Any = envs.unwrapped.world  # type: ignore[attr-defined]
        self._slates = PartialSlates(world, envs.num_envs, withheld, unread)
        self.single_observation_space = self._slates.space(envs.single_observation_space)
        self.single_action_space = spaces.Discrete(world.num_items)
        self.observation_space = batch_space(self.single_observation_space, envs.num_envs)
        self.action_space = batch_space(self.single_action_space, envs.num_envs)
        self._last: tuple[Observation, Info] | None = None

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, Info]:
        """Start an episode in every lane; ValueError for ``options["reset_mask"]``, which would leave some amid one."""
        if (options or {}).get("reset_mask") is not None:
            raise ValueError("options['reset_mask'] would leave lanes at different picks; reset all of them.")
        self._slates.clear()
        observation, info = self._last = self.env.reset(seed=seed, options=options)  # type: ignore[arg-type]  # one a lane, as all lanes take
        return self._with_slates(observation), _copied(info)

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[Observation, NDArray[Any], NDArray[np.bool_], NDArray[np.bool_], Info]:
        """Pick one item a lane, (num_envs,); the last pick of a slate shows it. Errors as of ``Picks``."""
        if self._last is None:
            raise gym.error.ResetNeeded("No episode has begun; call reset() before step().")
        slates = self._slates.pick(actions)
        if slates is None:
            observation, info = self._last
            nobody = np.zeros(self.num_envs, np.bool_)
            blank = no_feedback(self.num_envs, self._slates.slate_size)
            kept = {name: value for name, value in info.items() if "final_" not in name}
            told = {**_copied(kept), **blank}
            return self._with_slates(observation), np.zeros(self.num_envs), nobody, nobody.copy(), told
        observation, rewards, terminated, truncated, info = self.env.step(slates)
        self._last = observation, info
        empty = self._slates.observe()
        for lane in np.flatnonzero(terminated | truncated):
            info["final_obs"][lane] = {**info["final_obs"][lane], PICKED: empty[lane]}
        return self._with_slates(observation), rewards, terminated, truncated, _copied(info)

    def action_masks(self) -> NDArray[np.bool_]:
        """True for items that may be picked now, (num_envs, items): not withheld, not in the slate, not read last."""
        return self._slates.masks(None if self._last is None else self._last[0])

    def _with_slates(self, observation: Observation) -> Observation:
        return {**_copied(observation), PICKED: self._slates.observe()}


def _copied(rows: dict[str, Any]) -> dict[str, Any]:
    """What was kept, for a caller who may write to it."""
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in rows.items()}
