"""What an opened item gives: minutes now, and whether they were worth it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftrec.simulators.arrays import Draw, OpenedAmount, OpenedDeviation, OpenedShare, UserShare
from driftrec.simulators.engagement import sigmoid
from driftrec.simulators.feed.feed_arrays import OpenedDraw
from driftrec.simulators.ranges import check_ranges


@dataclass(frozen=True)
class Watching:
    """Minutes of an opened item of length L.

        expected = L * sigmoid(base + taste * A[c] + allure * a),  minutes = expected * (1 + spread * (2 v - 1))

    with v uniform in [0, 1).

    Attributes:
        base: Log-odds of watching on, at taste and allure 0. In [-20, 20].
        taste: Log-odds per unit of taste for the topic. In [0, 20].
        allure: Log-odds per standard deviation of allure: what hooks holds for a while. In [0, 20].
        spread: Half the width of the factor of chance. In [0, 1].
    """

    base: float = -0.3
    taste: float = 1.0
    allure: float = 0.4
    spread: float = 0.4

    def __post_init__(self) -> None:
        check_ranges(self, base=(-20, 20), taste=(0, 20), allure=(0, 20), spread=(0, 1))

    def expected(self, length: OpenedAmount, taste: OpenedAmount, allure: OpenedDeviation) -> OpenedAmount:
        """Mean minutes, of the shape of ``taste``, to which the others broadcast."""
        odds = np.float32(self.taste) * taste + np.float32(self.allure) * allure
        return length * sigmoid(odds + np.float32(self.base))

    def minutes(self, expected: OpenedAmount, draw: OpenedDraw) -> OpenedAmount:
        """Minutes from their mean and a uniform draw. Shape kept."""
        return expected * (np.float32(1.0) + np.float32(self.spread) * (draw + draw - np.float32(1.0)))

    def longest(self, length: float) -> float:
        """Most minutes that an item of ``length`` minutes is watched for."""
        return length * (1.0 + self.spread)


@dataclass(frozen=True)
class Regret:
    """Satisfaction S in [0, 1] moves to what opened items were worth, and wears off by what is passed over.

        worth = sigmoid(base + quality * q - allure * a + taste * A[c])
        opened: S <- S + rate * (worth - S);  passed over: S <- S - skip * S

    Clickbait is opened, watched, and regretted.

    Attributes:
        base: Log-odds of being worthwhile, of an average item at taste 0. In [-20, 20].
        quality: Log-odds per standard deviation of quality. In [0, 20].
        allure: Log-odds lost per standard deviation of allure. In [0, 20].
        taste: Log-odds per unit of taste for the topic. In [0, 20].
        rate: Part of the way moved by one opened item. In [0, 1].
        skip: Part of S lost by one item passed over. In [0, 1].
        start_low: Lowest satisfaction of a new user. In [0, start_high].
        start_high: Highest satisfaction of a new user. In [start_low, 1].
    """

    base: float = -0.3
    quality: float = 1.2
    allure: float = 0.8
    taste: float = 1.2
    rate: float = 0.05
    skip: float = 0.006
    start_low: float = 0.4
    start_high: float = 0.6

    def __post_init__(self) -> None:
        check_ranges(self, base=(-20, 20), quality=(0, 20), allure=(0, 20), taste=(0, 20), rate=(0, 1), skip=(0, 1))
        check_ranges(self, start_high=(0, 1), start_low=(0, self.start_high))

    def start(self, draw: Draw) -> UserShare:
        """Satisfaction of new users from a uniform draw. Shape kept."""
        return np.float32(self.start_low) + np.float32(self.start_high - self.start_low) * draw

    def worth(self, quality: OpenedDeviation, allure: OpenedDeviation, taste: OpenedAmount) -> OpenedShare:
        """How worthwhile items are, in [0, 1], of the shape of ``taste``, to which the others broadcast."""
        odds = np.float32(self.taste) * taste
        odds += np.float32(self.quality) * quality - np.float32(self.allure) * allure + np.float32(self.base)
        return sigmoid(odds)
