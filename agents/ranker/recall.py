"""What users have opened since they came, where an observation forgets it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.policy import Observation
from driftrec.agents.ranker.items import OPENED, Items
from driftrec.simulators.history import EMPTY


class Recall:
    """Adds to observations, under ``OPENED``, the items that every user has opened since it came.

    An observation of a feed holds the items opened last; a heavy user opens several times as many within an episode,
    and would hardly open one of them again. A recommender has served them all, and so may know.

    Rows are the same users from call to call, one call a step. Who comes new stands at hour 0, and has opened nothing.

    Args:
        items: What may be shown; where ``recalls`` is False nothing is kept, and observations stay as they are.
        slate_size: Positions in a slate.
    """

    def __init__(self, items: Items, slate_size: int) -> None:
        self._keeps, self._slate_size = items.recalls, slate_size
        self.forget()

    def forget(self) -> None:
        """Start over with users who have opened nothing."""
        self._items = np.full((0, 0), EMPTY, np.int32)  # (users, room), those of a user first
        self._count = np.zeros(0, np.int64)  # (users,)

    def __call__(self, observation: Observation) -> Observation:
        """The observation, and the items opened so far, int32, (users, room), -1 where none."""
        if not self._keeps:
            return observation
        if len(self._count) != len(observation["clock"]):
            self._items = np.full((len(observation["clock"]), 8 * self._slate_size), EMPTY, np.int32)
            self._count = np.zeros(len(self._items), np.int64)
        new = observation["clock"][:, 0] == 0.0
        self._items[new], self._count[new] = EMPTY, 0
        self._add(observation)
        return {**observation, OPENED: self._items.copy()}

    def last(self, observation: Observation, rows: NDArray[np.intp]) -> Observation:
        """The same of users of ``rows`` in what they see last, (rows, ...), without taking note of it."""
        return {**observation, OPENED: self._items[rows]} if self._keeps else observation

    def _add(self, observation: Observation) -> None:
        """Take note of what was opened of the last slate."""
        shown, clicked = (observation[name][:, -self._slate_size :] for name in ("shown", "clicked"))
        users, places = np.nonzero(clicked)
        opened: NDArray[Any] = shown[users, places]
        before = np.arange(len(users)) - np.searchsorted(users, users)  # of the same user in this slate
        slots = self._count[users] + before
        room = self._items.shape[1]
        if len(slots) and slots.max() >= room:
            self._items = np.pad(self._items, ((0, 0), (0, room)), constant_values=EMPTY)
        self._items[users, slots] = opened
        np.add.at(self._count, users, 1)
