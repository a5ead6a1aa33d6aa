"""What is known of users from their earlier requests, where an observation forgets it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from driftrec.agents.policy import Observation
from driftrec.agents.ranker.items import Items
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.protocol import as_tensors
from driftrec.simulators.history import EMPTY
from driftrec.simulators.offers import OPENED


class OpeningsRecalled:
    """Adds to observations, under ``OPENED``, the items that every user has opened since it came.

    An observation of a feed holds the items opened last; a heavy user opens several times as many within an episode,
    and would hardly open one of them again. A recommender has served them all, and so may know.

    Rows are the same users from call to call, one call a step. Who comes new stands at hour 0, and has opened nothing.

    Args:
        items: What may be shown; where ``recalls`` is False nothing is kept, and observations stay as they are.
        slate_size: Positions in a slate.
    """

    CHANGING = ("_items", "_count")
    """Attributes that change while users are served."""

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

    def stay(self, rows: NDArray[np.intp]) -> None:
        """Forget all users but those of ``rows``, who are all there are from now on."""
        if self._keeps:
            self._items, self._count = self._items[rows], self._count[rows]

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


class Recall:
    """Adds to observations what users have ``OpeningsRecalled``, and what rankers carry on from request to request.

    Args:
        judge: Tells what may be shown, and carries, see ``Ranker.carry``.
        slate_size: Positions in a slate.
    """

    CHANGING = ("_opened", "_carried")
    """Attributes that change while users are served."""

    def __init__(self, judge: Judge, slate_size: int) -> None:
        self._judge, self._opened = judge, OpeningsRecalled(judge.items, slate_size)
        self._carried: Mapping[str, Tensor] | None = None

    def forget(self) -> None:
        """Start over with users of whom nothing is known."""
        self._opened.forget()
        self._carried = None

    def __call__(self, observation: Observation) -> Observation:
        """The observation, and what is known besides."""
        told, self._carried = self._told(self._opened(observation), self._carried)
        return told

    def last(self, observation: Observation, rows: NDArray[np.intp]) -> Observation:
        """The same of users of ``rows`` in what they see last, (rows, ...), without taking note of it."""
        return self._told(self._opened.last(observation, rows), self._carried_of(rows))[0]

    def stay(self, rows: NDArray[np.intp]) -> None:
        """Forget all users but those of ``rows``, who are all there are from now on."""
        self._opened.stay(rows)
        self._carried = self._carried_of(rows)

    def _carried_of(self, rows: NDArray[np.intp]) -> Mapping[str, Tensor] | None:
        """What is carried of users of ``rows``."""
        if self._carried is None:
            return None
        index = torch.from_numpy(rows)
        return {name: value[index.to(value.device)] for name, value in self._carried.items()}

    def _told(
        self, observation: Observation, before: Mapping[str, Tensor] | None
    ) -> tuple[Observation, Mapping[str, Tensor] | None]:
        """The observation with what the ranker adds; and what it carries."""
        ranker = self._judge.ranker
        if before is not None:
            if len(next(iter(before.values()))) != len(next(iter(observation.values()))):
                before = None  # others are there
            else:
                before = {name: value.to(ranker.device) for name, value in before.items()}  # a snapshot's lie elsewhere
        found = ranker.carry(as_tensors(observation, ranker.device), before)
        if found is None:
            return observation, None
        carried, told = found
        return {**observation, **{name: value.cpu().numpy().copy() for name, value in told.items()}}, carried
