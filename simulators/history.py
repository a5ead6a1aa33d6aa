"""The last impressions of every user: the part of a user's past that a recommender sees."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

EMPTY = -1
"""Item id of an impression that never happened."""

NEVER = np.float32(np.inf)
"""Hour of an impression that never happened."""

_SPARE_STEPS = 4
"""Steps between two moves of the window: few, so that rows lie close together and are read at a stretch."""


class History:
    """A sliding window over impressions, newest last, for many users at once.

    The window moves through a wider buffer and is moved back when it reaches the end, so that a step writes one
    slate's columns and not the whole window.

    Args:
        num_users: Users, the leading axis of all that comes out.
        length: Impressions in the window.
        slate_size: Impressions that one step adds.
    """

    def __init__(self, num_users: int, length: int, slate_size: int) -> None:
        shape = (num_users, length + _SPARE_STEPS * slate_size)
        self.length = length
        self._end = length
        self._items = np.full(shape, EMPTY, np.int32)
        self._clicked = np.zeros(shape, np.int8)
        self._engagement = np.zeros(shape, np.float32)
        self._hours = np.full(shape, NEVER, np.float32)

    def add(
        self,
        items: NDArray[np.int64],
        clicked: NDArray[np.bool_],
        engagement: NDArray[np.float32],
        hours: NDArray[np.float32],
    ) -> None:
        """Append one slate a user; the first three are (users, slate_size), ``hours`` (users,) is when it was shown."""
        added = items.shape[1]
        if self._end + added > self._items.shape[1]:
            self._rewind()
        new = slice(self._end, self._end + added)
        self._items[:, new] = items
        self._clicked[:, new] = clicked
        self._engagement[:, new] = engagement
        self._hours[:, new] = np.where(items < 0, NEVER, hours[:, None])
        self._end += added

    def observe(self, now: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        """Copies of the window: items, clicked, engagement (minutes), age (hours at ``now``), each (users, length)."""
        window = self._window()
        age = now[:, None] - self._hours[:, window]
        np.maximum(age, np.float32(0.0), out=age)  # of what never happened
        return {
            "shown": self._items[:, window].copy(),
            "clicked": self._clicked[:, window].copy(),
            "engagement": self._engagement[:, window].copy(),
            "age": age,
        }

    def put(self, lanes: NDArray[np.intp], fresh: History) -> None:
        """Overwrite the users ``lanes`` with those of ``fresh``."""
        window = self._window()
        for mine, theirs in zip(self._buffers(), fresh._buffers(), strict=True):
            mine[lanes, window] = theirs[:, fresh._window()]

    def _window(self) -> slice:
        return slice(self._end - self.length, self._end)

    def _buffers(self) -> tuple[NDArray[Any], ...]:
        return self._items, self._clicked, self._engagement, self._hours

    def _rewind(self) -> None:
        for buffer in self._buffers():
            buffer[:, : self.length] = buffer[:, self._window()].copy()
        self._end = self.length
