"""Things of one category shown again and again annoy, and are then passed over for long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftrec.simulators import warm
from driftrec.simulators.arrays import UserShare
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.shop.shop_arrays import (
    CategoryAmount,
    CategoryCount,
    CategoryDeviation,
    CategorySwitch,
    GrowingAmount,
)


@dataclass(frozen=True)
class Wear:
    """How worn a category is by being shown, with a threshold of the user's and the category's own.

        shown: W_c += 1 for an offer, ``editorial`` for an editorial;  W *= 2^(-days / half_life)
        W_c >= T_c:         muted, and S *= 1 - annoyance;   T_c = threshold exp(spread z), z standard normal
        W_c <= rested T_c:  muted no more

    Attributes:
        threshold: Median over users and categories, in offers. Chosen. > 0.
        spread: Standard deviation of its logarithm. Chosen. >= 0.
        editorial: What showing an editorial wears, in offers. Chosen. >= 0.
        rested: Part of the threshold below which a muted category is looked at again. Chosen. 0 to 1.
        half_life: Days. Chosen. > 0.
        annoyance: Part of the satisfaction that it costs. Chosen. 0 to 1.
    """

    threshold: float = 4.0
    spread: float = 0.6
    editorial: float = 0.4
    rested: float = 0.25
    half_life: float = 14.0
    annoyance: float = 0.25

    def __post_init__(self) -> None:
        check_ranges(self, threshold=(0.01, 1e6), spread=(0, 3), rested=(0, 1), half_life=(0.01, 1e5))
        check_ranges(self, annoyance=(0, 1), editorial=(0, 1e6))

    def thresholds(self, normal: CategoryDeviation) -> CategoryAmount:
        """Of every user and category, from normal draws, (categories, users)."""
        return np.float32(self.threshold) * np.exp(np.float32(self.spread) * normal)

    def add(self, wear: GrowingAmount, offers: CategoryCount, editorials: CategoryCount) -> None:
        """Show so many offers and editorials; ``wear`` is changed in place, all (categories, users)."""
        wear += offers
        wear += np.float32(self.editorial) * editorials.astype(np.float32)

    def mute(self, wear: CategoryAmount, threshold: CategoryAmount, muted: CategorySwitch) -> UserShare:
        """Mute what is worn out; returns the factor on satisfaction, (users,).

        Args:
            wear: After the page, (categories, users).
            threshold: The same shape.
            muted: The same shape, changed in place.
        """
        newly = wear >= threshold
        newly &= ~muted
        muted |= newly
        many = newly.sum(axis=0, dtype=np.int64)  # whole numbers: exact in any order
        return (1 - self.annoyance) ** np.arange(len(wear) + 1, dtype=np.float32).take(many)

    def rest(self, wear: CategoryAmount, threshold: CategoryAmount, muted: CategorySwitch) -> None:
        """Unmute what has rested; ``muted`` is changed in place, all (categories, users)."""
        muted &= wear > warm.scaled(threshold, self.rested)
