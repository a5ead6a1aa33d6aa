"""What users had opened before each slate of some stretches, faded by a clock and added up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

FAR = 1e12
"""Age of what leaves nothing."""


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
        slate: Number of the slate, counted from the first place.
        begin: First column of the stretches.
    """

    row: NDArray[np.int64]
    user: torch.Tensor
    opened: torch.Tensor
    held: torch.Tensor
    days: torch.Tensor
    session: torch.Tensor
    slate: torch.Tensor
    begin: int


@dataclass(frozen=True)
class Clock:
    """Readings at each place of a batch, (stretches, width).

    Attributes:
        now: When the slate came.
        opened: From when on what was opened there grows old.
    """

    now: torch.Tensor
    opened: torch.Tensor


@dataclass(frozen=True)
class Weights:
    """What is left of what was opened.

    Attributes:
        within: Of each place of the stretch at each of its slates, (stretches, slates, slates).
        before: Of each place before the stretch at the stretch's first slate, (stretches, begin).
        carried: Of that at each slate, (stretches, slates).
    """

    within: torch.Tensor
    before: torch.Tensor
    carried: torch.Tensor

    def times(self, other: Weights) -> Weights:
        """What is left by both clocks."""
        return Weights(self.within * other.within, self.before * other.before, self.carried * other.carried)

    def sums(self, values: torch.Tensor) -> torch.Tensor:
        """Of ``values`` (stretches, width, columns), what is left at each slate, (stretches, slates, columns)."""
        begin = self.before.shape[1]
        sums = self.within @ values[:, begin:]
        if not begin:
            return sums
        return sums + self.carried[:, :, None] * (self.before[:, None, :] @ values[:, :begin])


class StretchPast:
    """The past of a batch's slates.

    A slate looks back at those of its own stretch one by one, and at all that lies before through one sum: what was
    left when the stretch began, faded since. That is the same, for what halves by a clock, and a quarter of the work.

    Args:
        batch: Stretches of lives.
    """

    def __init__(self, batch: Batch) -> None:
        self._batch, self._begin, there = batch, batch.begin, batch.held > 0
        slates = there.shape[1] - self._begin
        self._within = torch.ones(slates, slates, dtype=torch.bool).tril(-1) & there[:, None, self._begin :]
        self._before = there[:, : self._begin]
        self.days = Clock(batch.days, batch.days)

    def openings(self) -> Clock:
        """Counts what was opened: an item is of age 0 until the next is opened."""
        upto = self._batch.held.cumsum(dim=1)
        return Clock(upto - self._batch.held, upto)

    def slates(self) -> Clock:
        """Counts slates."""
        return Clock(self._batch.slate, self._batch.slate)

    def faded(self, clock: Clock, rate: torch.Tensor) -> Weights:
        """What halves ``rate`` times with every unit of a clock."""
        now, opened, begin = clock.now[:, self._begin :], clock.opened, self._begin
        first = now[:, :1]
        within = _age(now[:, :, None] - opened[:, None, begin:]).masked_fill(~self._within, FAR)
        before = _age(first - opened[:, :begin]).masked_fill(~self._before, FAR)
        return Weights(*(torch.exp2(age * -rate) for age in (within, before, _age(now - first))))

    def all(self) -> Weights:
        """What does not fade."""
        return Weights(self._within.float(), self._before.float(), torch.ones(self._within.shape[:2]))

    def of_session(self) -> Weights:
        """What stays for the session and is gone with it."""
        session = self._batch.session
        now = session[:, self._begin :]
        first = now[:, :1]
        within = self._within & (now[:, :, None] == now[:, None, :])
        before = self._before & (session[:, : self._begin] == first)
        return Weights(within.float(), before.float(), (now == first).float())


def _age(difference: torch.Tensor) -> torch.Tensor:
    """Never below 0: the readings of absent slates are anything."""
    return difference.clamp(min=0)
