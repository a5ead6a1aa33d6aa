"""Stretches of lives side by side: what a gradient is taken of, with the past that each stretch remembers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from driftrec.agents.fitting_worlds.lives import NOTHING, LoggedUsers

LENGTH, CONTEXT = 64, 192
"""Slates of a stretch, and those before it that it remembers: memories reach back so far at least."""

ABSENT = -1
"""In place of a slate where there is none."""


@dataclass(frozen=True)
class Batch:
    """Some stretches as tensors, (stretches, width), the columns from ``begin`` on being the stretches themselves.

    Attributes:
        row: Slate of each place, ``ABSENT`` where there is none.
        user: Of each stretch, (stretches,).
        opened: Item opened, 0 where none was.
        held: 1 where an item was opened, else 0.
        days: Time in days.
        session: The visit.
        begin: First column of the stretches.
    """

    row: NDArray[np.int64]
    user: torch.Tensor
    opened: torch.Tensor
    held: torch.Tensor
    days: torch.Tensor
    session: torch.Tensor
    begin: int


def segments(lives: LoggedUsers) -> NDArray[np.int64]:
    """Slates of every stretch behind those of its context, (stretches, CONTEXT + LENGTH), ``ABSENT`` where none."""
    first = lives.first
    counts = np.diff(first)
    pieces = -(-counts // LENGTH)
    user = np.repeat(np.arange(len(counts)), pieces)
    number = np.arange(len(user)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    place = (number * LENGTH)[:, None] + np.arange(-CONTEXT, LENGTH)
    there = (place >= 0) & (place < counts[user][:, None])
    return np.where(there, first[user][:, None] + place, ABSENT)


def batch_of(lives: LoggedUsers, rows: NDArray[np.int64]) -> Batch:
    """Some of ``segments`` as tensors, without columns that are empty."""
    filled = np.flatnonzero((rows != ABSENT).any(axis=0))
    begin = max(CONTEXT - filled[0], 0)
    rows = rows[:, filled[0] : filled[-1] + 1]
    there, at = rows != ABSENT, rows.clip(0)
    opened = np.where(there, lives.opened[at], NOTHING)
    user = lives.user[rows.max(axis=1)]
    return Batch(
        rows,
        torch.as_tensor(user),
        torch.as_tensor(opened.clip(0)),
        torch.as_tensor(opened != NOTHING, dtype=torch.float32),
        torch.as_tensor(lives.hours[at] / 24.0, dtype=torch.float32),
        torch.as_tensor(lives.session[at]),
        int(begin),
    )


class OpenedBefore:
    """Which items users had opened before a slate.

    Args:
        lives: Whose.

    Attributes:
        repeats: How many openings were of an item that the user had opened before.
    """

    def __init__(self, lives: LoggedUsers) -> None:
        self._items = len(lives.items)
        rows = np.flatnonzero(lives.opened != NOTHING)
        pairs = lives.user[rows] * self._items + lives.opened[rows]
        found, place = np.unique(pairs, return_index=True)
        self.repeats = len(pairs) - len(found)
        self._user, self._item, self._row = found // self._items, found % self._items, rows[place]
        self._first = np.searchsorted(self._user, np.arange(len(lives.users) + 1))
        self._pairs = found

    def before(self, users: NDArray[np.int64], rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which items had been opened by ``users`` (slates,) before the slates ``rows``: places of both, in pairs."""
        count = self._first[users + 1] - self._first[users]
        slate = np.repeat(np.arange(len(users)), count)
        place = np.arange(len(slate)) - np.repeat(np.cumsum(count) - count, count) + self._first[users][slate]
        known = self._row[place] < rows[slate]
        return slate[known], self._item[place[known]]

    def shown_before(self, lives: LoggedUsers) -> NDArray[np.bool_]:
        """Whether each item shown had been opened by the user before its slate, (slates, slate_size)."""
        assert lives.shown is not None
        wanted = lives.user[:, None] * self._items + lives.shown
        place = np.searchsorted(self._pairs, wanted).clip(max=max(len(self._pairs) - 1, 0))
        if not len(self._pairs):
            return np.zeros(wanted.shape, np.bool_)
        known = self._pairs[place] == wanted
        return np.asarray(known & (self._row[place] < np.arange(len(wanted))[:, None]))
