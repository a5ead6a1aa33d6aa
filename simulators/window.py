"""A sliding window over the columns of many users' pasts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import warm

_SPARE_STEPS = 4
"""Steps between two moves of the window: few, so that rows lie close together and are read at a stretch."""


class Window:
    """The last columns of several kinds, newest last, for many users at once.

    The window moves through a wider buffer and is moved back when it reaches the end, so that a step writes its own
    columns and not the whole window.

    Args:
        num_users: Users, the leading axis of all that comes out.
        length: Columns in the window.
        step: Columns that one step adds.
        empty: Before anything was added, by kind: a scalar of its type.
    """

    def __init__(self, num_users: int, length: int, step: int, empty: Mapping[str, np.generic]) -> None:
        shape = (num_users, length + _SPARE_STEPS * step)
        self._buffers = {kind: warm.full(shape, value) for kind, value in empty.items()}
        self._length, self._step, self._width = length, step, shape[1]
        self._end = length

    def __getitem__(self, kind: str) -> NDArray[Any]:
        """The window itself, not a copy, (users, length)."""
        return self._buffers[kind][:, self._end - self._length : self._end]

    def add(self, columns: Mapping[str, NDArray[Any]]) -> None:
        """Append one step's ``columns`` of every kind, each (users, step)."""
        if self._end + self._step > self._width:
            self._rewind()
        for kind, buffer in self._buffers.items():
            buffer[:, self._end : self._end + self._step] = columns[kind]
        self._end += self._step

    def observe(self) -> dict[str, NDArray[Any]]:
        """Copies of all kinds, each (users, length)."""
        return {kind: warm.copy(self[kind]) for kind in self._buffers}

    def put(self, lanes: NDArray[np.intp], fresh: Window) -> None:
        """Overwrite the users ``lanes`` with those of ``fresh``."""
        for kind in self._buffers:
            self[kind][lanes] = fresh[kind]

    def _rewind(self) -> None:
        for kind, buffer in self._buffers.items():
            moved = warm.like(buffer)  # within its own memory numpy would copy it twice
            moved[:, : self._length] = self[kind]
            self._buffers[kind] = moved
        self._end = self._length
