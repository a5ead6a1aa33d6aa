"""The items that every user read last: what a user would not read again. Recommenders see all of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import warm
from driftrec.simulators.history import EMPTY, NEVER, age
from driftrec.simulators.vectors import Float


class ReadingList:
    """The last items read, with minutes and times, newest last, for many users at once.

    Args:
        num_users: Users, the leading axis of all that comes out.
        length: Items remembered.
    """

    def __init__(self, num_users: int, length: int) -> None:
        shape = (num_users, length)
        self.items = warm.full(shape, np.int32(EMPTY))
        self._minutes = warm.full(shape, np.float32(0))
        self._hours = warm.full(shape, NEVER)

    def add(self, users: NDArray[np.int64], items: NDArray[np.int64], minutes: Float, hours: Float) -> None:
        """Append one item to each of ``users`` (rows); the others are as long, ``hours`` is when it was read."""
        for buffer, new in zip(self._buffers(), (items, minutes, hours), strict=True):
            rows = np.empty((len(users), buffer.shape[1]), buffer.dtype)
            rows.ravel()[:-1] = buffer.take(users, axis=0).ravel()[1:]  # all rows at a stretch: moved up by one
            rows[:, -1] = new
            buffer[users] = rows

    def observe(self, now: Float) -> dict[str, NDArray[np.generic]]:
        """Copies: read_items (-1 where none), read_minutes, read_age (hours at ``now``), each (users, length)."""
        return {
            "read_items": warm.copy(self.items),
            "read_minutes": warm.copy(self._minutes),
            "read_age": age(self._hours, now),
        }

    def put(self, lanes: NDArray[np.intp], fresh: ReadingList) -> None:
        """Overwrite the users ``lanes`` with those of ``fresh``."""
        for mine, theirs in zip(self._buffers(), fresh._buffers(), strict=True):
            mine[lanes] = theirs

    def _buffers(self) -> tuple[NDArray[Any], ...]:
        return self.items, self._minutes, self._hours
