"""What users had opened before each slate of some stretches, faded by a clock and added up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
        earlier: What memories held at the first column of all that lies before it, by their names, (stretches,
            columns); nothing of those that are not told.
    """

    row: NDArray[np.int64]
    user: torch.Tensor
    opened: torch.Tensor
    held: torch.Tensor
    days: torch.Tensor
    session: torch.Tensor
    slate: torch.Tensor
    begin: int
    earlier: Mapping[str, torch.Tensor] = field(default_factory=dict)


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
        earlier: Of what was there at the first place of all, at the stretch's first slate, (stretches,).
    """

    within: torch.Tensor
    before: torch.Tensor
    carried: torch.Tensor
    earlier: torch.Tensor

    def times(self, other: Weights) -> Weights:
        """What is left by both clocks."""
        within, before = self.within * other.within, self.before * other.before
        return Weights(within, before, self.carried * other.carried, self.earlier * other.earlier)

    def sums(self, values: torch.Tensor, earlier: torch.Tensor | None) -> torch.Tensor:
        """What is left at each slate, (stretches, slates, columns).

        Args:
            values: Added at every place, (stretches, width, columns).
            earlier: What was there at the first of them, (stretches, columns); nothing where None.
        """
        begin = self.before.shape[1]
        sums = self.within @ values[:, begin:]
        if not begin and earlier is None:
            return sums
        first = self.before[:, None, :] @ values[:, :begin]  # (stretches, 1, columns)
        if earlier is not None:
            first = first + (self.earlier[:, None] * earlier)[:, None, :]
        return sums + self.carried[:, :, None] * first


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
        ages = (within, before, _age(now - first), _age(first - clock.now[:, :1])[:, 0])
        return Weights(*(torch.exp2(age * -rate) for age in ages))

    def all(self) -> Weights:
        """What does not fade."""
        within = self._within.float()
        return Weights(within, self._before.float(), torch.ones(within.shape[:2]), torch.ones(len(within)))

    def of_session(self) -> Weights:
        """What stays for the session and is gone with it."""
        session = self._batch.session
        now = session[:, self._begin :]
        first = now[:, :1]
        within = self._within & (now[:, :, None] == now[:, None, :])
        before = self._before & (session[:, : self._begin] == first)
        whole = (session[:, :1] == first)[:, 0]
        return Weights(within.float(), before.float(), (now == first).float(), whole.float())


def _age(difference: torch.Tensor) -> torch.Tensor:
    """Never below 0: the readings of absent slates are anything."""
    return difference.clamp(min=0)
