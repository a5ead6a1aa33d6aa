"""How long a user stays with what was opened, in minutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from driftrec.simulators import warm
from driftrec.simulators.arrays import OpenedAmount, OpenedCosine, OpenedDeviation
from driftrec.simulators.noise import WIDEST
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.vectors import Float


def sigmoid(x: Float) -> Float:
    """1 / (1 + exp(-x)), float32; saturates without warnings at both ends."""
    odds = np.maximum(x, np.float32(-80.0), out=warm.like(x))
    np.negative(odds, out=odds)
    np.exp(odds, out=odds)
    odds += np.float32(1.0)
    return np.divide(np.float32(1.0), odds, out=odds)


@runtime_checkable
class ReadingRule(Protocol):
    """How long an opened item is read, in minutes, float32, >= 0."""

    def expected(self, length: OpenedAmount, affinity: OpenedCosine, allure: OpenedDeviation) -> OpenedAmount:
        """Mean minutes if opened, of the shape of ``affinity``, to which the others broadcast.

        Args:
            length: Of the item, in minutes.
            affinity: Cosine of interest and item, in [-1, 1], (opened,) or, with all items, (users, items).
            allure: Of the item, in standard deviations.
        """
        ...

    def minutes(
        self, length: OpenedAmount, affinity: OpenedCosine, allure: OpenedDeviation, z: OpenedDeviation
    ) -> OpenedAmount:
        """Minutes read, (opened,); ``z`` is a standard normal draw, |z| < 5.9, the others as of ``expected``."""
        ...

    def longest(self, length: float) -> float:
        """A bound on the minutes read of an item of ``length`` minutes, of the observation space."""
        ...


@dataclass(frozen=True)
class Reading:
    """Minutes read of an opened item.

        minutes = length_i * sigmoid(base + affinity * <interest_u, latent_i> + allure * allure_i) * noise

    with log-normal noise of mean 1: exp(spread * z - spread^2 / 2), z standard normal. What allures holds the eye
    for now, whatever it is worth later.

    Attributes:
        base: Log-odds of staying, at affinity 0 and average allure.
        affinity: Log-odds per unit of cosine. >= 0.
        allure: Log-odds per standard deviation of allure. >= 0.
        spread: Standard deviation of log minutes. In [0, 1].
    """

    base: float = -1.0
    affinity: float = 2.0
    allure: float = 0.6
    spread: float = 0.3

    def __post_init__(self) -> None:
        check_ranges(self, base=(-20, 20), affinity=(0, 20), allure=(0, 20), spread=(0, 1))

    def expected(self, length: Float, affinity: Float, allure: Float) -> Float:
        """Mean minutes if opened, of the shape of ``affinity``; the others broadcast to it."""
        stay = warm.scaled(affinity, self.affinity)
        stay += self.allure * allure + np.float32(self.base)
        minutes = sigmoid(stay)
        minutes *= length
        return minutes

    def minutes(self, length: Float, affinity: Float, allure: Float, z: Float) -> Float:
        """Minutes read, given a standard normal draw ``z``; shapes as of ``expected``."""
        noise = np.exp(self.spread * z - np.float32(self.spread**2 / 2))
        return self.expected(length, affinity, allure) * noise

    def longest(self, length: float) -> float:
        """A bound on the minutes read of an item of ``length`` minutes (|z| < ``WIDEST``)."""
        return float(length * np.exp(WIDEST * self.spread))
