"""The items that every user opened last: a ring, since a page may open several."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import warm
from driftrec.simulators.history import EMPTY, NEVER, age
from driftrec.simulators.vectors import Float


class Opened:
    """The last items opened, with minutes and times, in no order, for many users at once.

    Args:
        num_users: Users, the leading axis of all that comes out.
        length: Items remembered; the next takes the place of the oldest.
    """

    def __init__(self, num_users: int, length: int) -> None:
        shape = (num_users, length)
        self._items = warm.full(shape, np.int32(EMPTY))
        self._minutes = warm.full(shape, np.float32(0))
        self._hours = warm.full(shape, NEVER)
        self._next = np.zeros(num_users, np.int64)  # (users,)

    def add(self, users: NDArray[np.int64], items: NDArray[np.int64], minutes: Float, hours: Float) -> None:
        """One item for each of ``users`` (rows); the others are as long, ``hours`` is when it was opened."""
        length = self._items.shape[1]
        slot = self._next[users]
        places = users * length + slot
        for buffer, new in zip(self._buffers(), (items, minutes, hours), strict=True):
            buffer.ravel()[places] = new
        self._next[users] = (slot + 1) % length

    def observe(self, now: Float) -> dict[str, NDArray[np.generic]]:
        """Copies: read_items (-1 where none), read_minutes, read_age (hours at ``now``), each (users, length)."""
        return {
            "read_items": warm.copy(self._items),
            "read_minutes": warm.copy(self._minutes),
            "read_age": age(self._hours, now),
        }

    def put(self, lanes: NDArray[np.intp], fresh: Opened) -> None:
        """Overwrite the users ``lanes`` with those of ``fresh``."""
        for mine, theirs in zip((*self._buffers(), self._next), (*fresh._buffers(), fresh._next), strict=True):
            mine[lanes] = theirs

    def _buffers(self) -> tuple[NDArray[Any], ...]:
        return self._items, self._minutes, self._hours
