"""Stretches of lives side by side: what a gradient is taken of, with the past that each stretch remembers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from driftrec.agents.fitting_worlds.lives import LATER, NOTHING, LoggedUsers
from driftrec.agents.tastes.all_items import MOST, Run
from driftrec.agents.tastes.past import Batch

LENGTH, CONTEXT = 64, 192
"""Slates of a stretch, and those before it whose places are told; of what lies before them, sums alone."""

ABSENT = -1
"""In place of a slate where there is none."""


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


@dataclass(frozen=True)
class Stretches:
    """The stretches that hold slates of a part of the log.

    Attributes:
        rows: As of ``segments``, without what comes after the part, (stretches, CONTEXT + LENGTH).
        count: Slates of the part in each, (stretches,).
    """

    rows: NDArray[np.int64]
    count: NDArray[np.int64]

    def packed(self, size: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
        """Rows of batches of some ``size`` slates of the part: like lengths beside each other, else in random order."""
        order = rng.permutation(len(self.rows))
        there = self.rows[order] != ABSENT
        order = order[np.lexsort((there[:, CONTEXT:].sum(axis=1), there[:, :CONTEXT].sum(axis=1)))]
        batch = (np.cumsum(self.count[order]) - 1) // size
        batches = np.split(order, np.flatnonzero(np.diff(batch)) + 1)
        return [self.rows[batches[number]] for number in rng.permutation(len(batches))]


def stretches_of(lives: LoggedUsers, part: int) -> Stretches:
    """Those that hold slates of ``part``."""
    rows = segments(lives)
    wanted = (rows != ABSENT) & (lives.part[rows.clip(0)] == part)
    wanted[:, :CONTEXT] = False
    some = wanted.any(axis=1)
    rows, wanted = rows[some], wanted[some]
    later = np.arange(rows.shape[1]) >= rows.shape[1] - wanted[:, ::-1].argmax(axis=1)[:, None]
    return Stretches(np.where(later, ABSENT, rows), wanted.sum(axis=1))


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
        torch.as_tensor((there & (lives.part[at] != LATER)).cumsum(axis=1), dtype=torch.float32),
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

    def runs(self, users: NDArray[np.int64], rows: NDArray[np.int64]) -> list[Run]:
        """The slates ``rows`` of ``users``, both (slates,), in order, as runs of one user each."""
        cuts = np.flatnonzero(np.diff(users, prepend=-1, append=-1)).tolist()
        pieces: list[tuple[int, int]] = [
            (at, min(at + MOST, end)) for begin, end in pairwise(cuts) for at in range(begin, end, MOST)
        ]
        return [Run(begin, end, *self._before(users[begin], rows[begin:end])) for begin, end in pieces]

    def _before(self, user: np.int64, rows: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        """Items that a user had opened before one of the slates ``rows``, and before which."""
        mine = slice(self._first[user], self._first[user + 1])
        then = self._row[mine] < rows[-1]
        again = self._row[mine][then] < rows[:, None]
        return torch.as_tensor(self._item[mine][then]), torch.as_tensor(again, dtype=torch.float32)

    def same(self, users: NDArray[np.int64], rows: NDArray[np.int64], items: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether ``users`` had opened ``items`` before the slates ``rows``, all of one shape or broadcast to it."""
        wanted = users * self._items + items
        if not len(self._pairs):
            return np.zeros(wanted.shape, np.bool_)
        place = np.searchsorted(self._pairs, wanted).clip(max=len(self._pairs) - 1)
        return np.asarray((self._pairs[place] == wanted) & (self._row[place] < rows))

    def shown_before(self, lives: LoggedUsers) -> NDArray[np.bool_]:
        """Whether each item shown had been opened by the user before its slate, (slates, slate_size)."""
        assert lives.shown is not None
        return self.same(lives.user[:, None], np.arange(len(lives.user))[:, None], lives.shown)
