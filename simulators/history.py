"""The last impressions of every user: the part of a user's past that a recommender sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import warm
from driftrec.simulators.window import Window

EMPTY = -1
"""Item id of an impression that never happened."""

NEVER = np.float32(np.inf)
"""Hour of an impression that never happened."""

_EMPTY: Mapping[str, np.generic] = {
    "items": np.int32(EMPTY),
    "clicked": np.int8(0),
    "engagement": np.float32(0),
    "hours": NEVER,
}


class History:
    """A sliding window over impressions, newest last, for many users at once.

    Args:
        num_users: Users, the leading axis of all that comes out.
        length: Impressions in the window.
        slate_size: Impressions that one step adds.
    """

    def __init__(self, num_users: int, length: int, slate_size: int) -> None:
        self._window = Window(num_users, length, slate_size, _EMPTY)

    def add(
        self,
        items: NDArray[np.int64],
        clicked: NDArray[np.bool_],
        engagement: NDArray[np.float32],
        hours: NDArray[np.float32],
    ) -> None:
        """Append one slate a user; the first three are (users, slate_size), ``hours`` (users,) is when it was shown."""
        shown = np.where(items < 0, NEVER, hours[:, None])
        self._window.add({"items": items, "clicked": clicked, "engagement": engagement, "hours": shown})

    def observe(self, now: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        """Copies of the window: items, clicked, engagement (minutes), age (hours at ``now``), each (users, length)."""
        return {
            "shown": warm.copy(self._window["items"]),
            "clicked": warm.copy(self._window["clicked"]),
            "engagement": warm.copy(self._window["engagement"]),
            "age": age(self._window["hours"], now),
        }

    def put(self, lanes: NDArray[np.intp], fresh: History) -> None:
        """Overwrite the users ``lanes`` with those of ``fresh``."""
        self._window.put(lanes, fresh._window)


def age(hours: NDArray[np.float32], now: NDArray[np.float32]) -> NDArray[np.float32]:
    """Time from ``hours`` (users, any) to ``now`` (users,); 0 of what never happened."""
    passed = warm.like(hours)
    passed[...] = now[:, None]
    passed -= hours  # twice as fast as from a stretched ``now``
    return np.clip(passed, np.float32(0.0), NEVER, out=passed)  # four times as fast as np.maximum with a number
