"""How long a user stays with what was opened, in minutes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftrec.simulators import warm
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
