"""What memories hold where a stretch's context begins, so that no life is too long for its likelihood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from driftrec.agents.fitting_worlds.lives import LoggedUsers
from driftrec.agents.fitting_worlds.segments import ABSENT, CONTEXT, LENGTH, batch_of, segments
from driftrec.agents.fitting_worlds.taste_model import TasteModel
from driftrec.agents.tastes.past import Batch

BACK = CONTEXT // LENGTH
"""A context begins where the stretch so many before begins."""

AT_ONCE = 32
"""Stretches whose sums are worked out beside each other."""


class Earlier:
    """Sums of a model's memories at the first place of every context, by the model's numbers as they are now.

    Gradients do not reach so far back: the sums are given, as numbers.

    Args:
        model: Whose memories.
        lives: The log.
    """

    @torch.no_grad()
    def __init__(self, model: TasteModel, lives: LoggedUsers) -> None:
        self._lives = lives
        self._sums: dict[str, torch.Tensor] = {}  # of each memory, (1 + contexts, columns); nothing in the first
        self._place = np.zeros(len(lives.user), np.int64)  # there, of the context that begins with a slate
        waves = list(_waves(lives))
        contexts, known, vectors = sum(map(len, waves)), 1, model.vectors()
        for rows in waves:
            those = slice(known, known + len(rows))
            for name, sums in model.sums(self.batch(rows), vectors).items():
                told = self._sums.setdefault(name, sums.new_zeros(1 + contexts, sums.shape[2]))
                told[those] = sums[:, 0]
            self._place[rows[:, CONTEXT]] = np.arange(those.start, those.stop)
            known = those.stop

    def batch(self, rows: NDArray[np.int64]) -> Batch:
        """Some of ``segments`` as tensors, with what memories held at the first column."""
        first = rows[:, 0]
        place = torch.as_tensor(np.where(first == ABSENT, 0, self._place[first.clip(0)]))
        return replace(batch_of(self._lives, rows), earlier={name: sums[place] for name, sums in self._sums.items()})


def _waves(lives: LoggedUsers) -> Iterator[NDArray[np.int64]]:
    """Stretches with whose first slate another's context begins, each behind that with which its own does."""
    rows = segments(lives)[:, : CONTEXT + 1]
    user = lives.user[rows[:, CONTEXT]]
    number = np.arange(len(user)) - np.searchsorted(user, user)
    asked = np.flatnonzero((number > 0) & (number + BACK < np.bincount(user, minlength=len(lives.users))[user]))
    asked = asked[np.argsort(number[asked], kind="stable")]
    for wave in np.split(asked, np.flatnonzero(np.diff(number[asked] // BACK)) + 1):
        for at in range(0, len(wave), AT_ONCE):
            yield rows[wave[at : at + AT_ONCE]]
