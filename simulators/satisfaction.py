"""Satisfaction: a slow average of how worthwhile it has been to open what was shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import warm
from driftrec.simulators.arrays import Draw, OpenedCosine, OpenedDeviation, OpenedShare, UserFlag, UserShare
from driftrec.simulators.engagement import sigmoid
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.vectors import Float


@runtime_checkable
class SatisfactionRule(Protocol):
    """How worthwhile items are to a user, and what that does to satisfaction, float32 in [0, 1]."""

    def start(self, draw: Draw) -> UserShare:
        """Satisfaction of new users, (users,), from a uniform draw."""
        ...

    def worth(self, quality: OpenedDeviation, allure: OpenedDeviation, affinity: OpenedCosine) -> OpenedShare:
        """How worthwhile items are if opened, in [0, 1], of the shape of ``affinity``, to which the others broadcast.

        Args:
            quality: Of the item, in standard deviations.
            allure: Of the item, in standard deviations.
            affinity: Cosine of interest and item, in [-1, 1], (opened,) or, with all items, (users, items).
        """
        ...

    def after(self, satisfaction: UserShare, opened: UserFlag, worth: UserShare) -> UserShare:
        """Satisfaction after a slate, (users,); ``worth`` is 0 where nothing was ``opened``."""
        ...


@dataclass(frozen=True)
class Satisfaction:
    """Satisfaction S in [0, 1].

    An opened item is worth, in [0, 1],

        worth = sigmoid(base + quality * quality_i - allure * allure_i + affinity * <interest_u, latent_i>)

    and S moves a part of the way there: S <- S + rate * (worth - S). A slate of which nothing is opened costs a
    little: S <- S - boredom * S.

    Attributes:
        base: Log-odds of being worthwhile, at average quality and allure and affinity 0.
        quality: Log-odds per standard deviation of quality. >= 0.
        allure: Log-odds lost per standard deviation of allure: a promise not kept. >= 0.
        affinity: Log-odds per unit of cosine. >= 0.
        rate: Part of the way moved by one opened item. In [0, 1].
        boredom: Part of S lost by a slate that opens nothing. In [0, 1].
        start_low: Lowest satisfaction of a new user. In [0, start_high].
        start_high: Highest satisfaction of a new user. In [start_low, 1].
    """

    base: float = -0.5
    quality: float = 1.2
    allure: float = 0.8
    affinity: float = 1.5
    rate: float = 0.2
    boredom: float = 0.02
    start_low: float = 0.4
    start_high: float = 0.6

    def __post_init__(self) -> None:
        check_ranges(self, base=(-20, 20), quality=(0, 20), allure=(0, 20), affinity=(0, 20))
        check_ranges(self, rate=(0, 1), boredom=(0, 1), start_high=(0, 1), start_low=(0, self.start_high))

    def start(self, draw: Float) -> Float:
        """Satisfaction of a new user from a uniform draw. Shape kept."""
        return np.float32(self.start_low) + np.float32(self.start_high - self.start_low) * draw

    def worth(self, quality: Float, allure: Float, affinity: Float) -> Float:
        """How worthwhile an item is if opened, in [0, 1], of the shape of ``affinity``; the others broadcast to it."""
        odds = warm.scaled(affinity, self.affinity)
        odds += self.quality * quality - self.allure * allure + np.float32(self.base)
        return sigmoid(odds)

    def after(self, satisfaction: Float, opened: NDArray[np.bool_], worth: Float) -> Float:
        """Satisfaction after a slate.

        Args:
            satisfaction: Before, shape (users,).
            opened: Whether an item was opened, (users,).
            worth: Worth of the opened item; ignored where none was, (users,).
        """
        change = np.where(opened, self.rate * (worth - satisfaction), -self.boredom * satisfaction)
        return satisfaction + change.astype(np.float32, copy=False)
