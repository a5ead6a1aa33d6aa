"""Slates that are filled one position at a time, for many users at once: what ``Picks`` and ``PicksLanes`` stand on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from driftrec.simulators.offers import OFFERED
from driftrec.simulators.world import World, check_slates

READ = "read_items"
"""Key of an observation that holds the items that were opened last, -1 where there are fewer."""

PICKED = "picked"
"""Key of an observation that holds the slate so far: int32 (slate_size,), -1 where nothing is yet."""


class PartialSlates:
    """The slates of many users, all filled up to the same position.

    Args:
        world: Whose slates they are.
        num_users: Users.
        withheld: True for items that must not be shown, bool, (items,); None where all may be.
        unread: Masks leave out what the observation says was read.

    Raises:
        TypeError: If ``withheld`` is not made of bools.
        ValueError: If its shape is wrong, fewer items than positions are left, or the items on offer change; or if
            observations do not tell what was read, but ``unread`` asks for it.
    """

    def __init__(
        self, world: World[Any], num_users: int, withheld: NDArray[np.bool_] | None = None, unread: bool = False
    ) -> None:
        if unread and READ not in world.fields:
            raise ValueError(f"Observations of this world hold no {READ}, so that unread cannot be told; leave it out.")
        self._unread = unread
        self.num_items, self.slate_size = world.num_items, world.slate_size
        self._free = np.ones(self.num_items, np.bool_) if withheld is None else ~_checked(withheld, world)
        if self._free.sum() < self.slate_size:
            raise ValueError(
                f"{self._free.sum()} items may be shown in slates of {self.slate_size}; "
                "withhold fewer, or lower slate_size."
            )
        self._slates = np.full((num_users, self.slate_size), -1, np.int64)
        self._filled = 0

    def clear(self) -> None:
        """Begin with empty slates."""
        self._slates[:] = -1
        self._filled = 0

    def pick(self, items: Any) -> NDArray[np.int64] | None:
        """Put one item a user, (users,), at the next position; the slates (users, slate_size) once they are complete.

        An item that the slate holds already is put there again, and means what a repeat means in the world.

        Raises:
            TypeError: If the items are not integers.
            ValueError: If their shape is wrong, or an item does not exist or is withheld. Nothing is picked then.
        """
        now = self._filled
        items = np.asarray(items)
        if items.shape != self._slates.shape[:1]:
            raise ValueError(f"Picks have shape {items.shape}; expected one item a user, {self._slates.shape[:1]}.")
        if items.dtype.kind not in "iu":
            raise TypeError(f"Picks must be integers (item positions), not {items.dtype}; convert with .astype(int).")
        slates = np.concatenate([self._slates[:, :now], items.astype(np.int64)[:, None]], axis=1)
        check_slates(slates, len(slates), now + 1, self.num_items)
        if not self._free[items].all():
            user = np.flatnonzero(~self._free[items])[0]
            raise ValueError(f"User {user} is to see item {items[user]}, which is withheld; ask action_masks() first.")
        self._slates[:, now] = items
        self._filled = now + 1
        if self._filled < self.slate_size:
            return None
        complete = self._slates.copy()
        self.clear()
        return complete

    def masks(self, observation: Mapping[str, NDArray[Any]] | None = None) -> NDArray[np.bool_]:
        """True for items that may be picked now, (users, items): not withheld, not in the slate yet.

        Args:
            observation: Of all users, before the slate: what was read by it is left out, if that was asked for, of
                those users who have a slate left without it.
        """
        masks = np.tile(self._free, (len(self._slates), 1))
        if self._unread and observation is not None:
            fresh = masks & ~self._read(observation)
            enough = fresh.sum(axis=1) >= self.slate_size
            masks[enough] = fresh[enough]
        np.put_along_axis(masks, self._slates[:, : self._filled], False, axis=1)
        return masks

    def _read(self, observation: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
        """True for what was read, (users, items)."""
        items = observation.get(OFFERED, np.arange(self.num_items))[..., None]
        return (items == observation[READ][:, None, :]).any(axis=2)

    def observe(self) -> NDArray[np.int32]:
        """A copy of the slates so far, -1 where nothing is yet, (users, slate_size)."""
        return self._slates.astype(np.int32)

    def space(self, observation_space: spaces.Space[Any]) -> spaces.Dict:
        """The observation space of one user with ``PICKED`` added."""
        assert isinstance(observation_space, spaces.Dict)
        return spaces.Dict({**observation_space.spaces, PICKED: self._box()})

    def _box(self) -> spaces.Box:
        return spaces.Box(-1, self.num_items - 1, (self.slate_size,), np.int32)


def _checked(withheld: NDArray[np.bool_], world: World[Any]) -> NDArray[np.bool_]:
    """``withheld`` where it fits the world."""
    flags = np.asarray(withheld)
    if flags.dtype != np.bool_:
        raise TypeError(f"withheld is {flags.dtype}; it must be bool, True for every item that must not be shown.")
    if flags.shape != (world.num_items,):
        raise ValueError(f"withheld has shape {flags.shape}; expected one flag an item, {(world.num_items,)}.")
    if OFFERED in world.fields:
        raise ValueError("Items on offer change from step to step here, so that none can be withheld by its number.")
    return flags
