"""The responses to the last slates of every user: as much of the past as a recommender is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.published.recsim_slates import Response

_SPARE_STEPS = 4
"""Steps between two moves of the window, see ``driftrec.simulators.history.History``."""


class ResponseWindow:
    """A sliding window over responses, oldest first, for many users at once; it moves as that of ``History``.

    Args:
        num_users: Users, the leading axis of all that comes out.
        slate_size: Positions in a slate.
        history: Slates in the window, at least 1.
    """

    def __init__(self, num_users: int, slate_size: int, history: int) -> None:
        self._slate_size = slate_size
        self._length = self._end = history * slate_size
        shape = (num_users, self._length + _SPARE_STEPS * slate_size)
        self._buffers: dict[str, NDArray[Any]] = {
            "clicked": np.zeros(shape, np.int8),
            "quality": np.zeros(shape, np.float32),
            "cluster": np.full(shape, -1, np.int32),
        }

    def add(self, response: Response) -> None:
        """Append what became of one slate a user."""
        if self._end + self._slate_size > self._buffers["clicked"].shape[1]:
            self._rewind()
        new = slice(self._end, self._end + self._slate_size)
        for name, buffer in self._buffers.items():
            buffer[:, new] = getattr(response, name)
        self._end = new.stop

    def observe(self) -> dict[str, NDArray[Any]]:
        """Copies of clicked, quality and cluster by position, each (users, history * slate_size)."""
        return {name: buffer[:, self._window()].copy() for name, buffer in self._buffers.items()}

    def put(self, lanes: NDArray[np.intp], fresh: ResponseWindow) -> None:
        """Overwrite the users ``lanes`` with those of ``fresh``."""
        for name, buffer in self._buffers.items():
            buffer[lanes, self._window()] = fresh._buffers[name][:, fresh._window()]

    def _window(self) -> slice:
        return slice(self._end - self._length, self._end)

    def _rewind(self) -> None:
        for buffer in self._buffers.values():
            buffer[:, : self._length] = buffer[:, self._window()].copy()
        self._end = self._length
