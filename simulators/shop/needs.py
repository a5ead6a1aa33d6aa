"""Needs arise, ripen and recur, each at a rate of the user's own; what was bought calls for what goes with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftrec.simulators import warm
from driftrec.simulators.arrays import UserAmount
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.shop.shop_arrays import (
    CategoryAmount,
    CategoryDeviation,
    CategoryDraw,
    CategoryNeed,
    CategoryShare,
    GrowingNeed,
)


@dataclass(frozen=True)
class Needs:
    """A need of every user for every category.

        rate = 1 / (period exp(spread z))      a day, z standard normal; 0 with chance ``never``
        need += rate (1 + durable) days        up to 1, where it is ripe
        bought: need = -durable                what was bought serves for a while

    Attributes:
        period: Days from one purchase to a ripe need, of the median user and category. Chosen. > 0.
        spread: Standard deviation of the period's logarithm over users and categories. Chosen. >= 0.
        never: Share of categories that a user never needs. Chosen. 0 to 1.
        durable: How far below 0 a purchase takes the need. Chosen. >= 0.
    """

    period: float = 18.0
    spread: float = 0.5
    never: float = 0.3
    durable: float = 0.5

    def __post_init__(self) -> None:
        check_ranges(self, period=(0.01, 1e5), spread=(0, 3), never=(0, 1), durable=(0, 10))

    def rates(self, normal: CategoryDeviation, chance: CategoryDraw) -> CategoryAmount:
        """Rates from a normal and a uniform draw each, all (categories, users)."""
        rate = np.exp(np.float32(-self.spread) * normal) / np.float32(self.period)
        return np.where(chance < self.never, np.float32(0), rate)

    def start(self, rate: CategoryAmount, chance: CategoryDraw) -> CategoryNeed:
        """Needs of new users: anywhere between just served and ripe; from uniform draws, (categories, users)."""
        need = np.float32(1 + self.durable) * chance - np.float32(self.durable)
        return np.where(rate > 0, need, np.float32(-self.durable))

    def grow(self, need: GrowingNeed, rate: CategoryAmount, days: UserAmount) -> None:
        """Let ``days`` (users,) pass; ``need`` (categories, users) is changed in place."""
        grown = np.multiply(rate, days, out=warm.like(rate))
        grown *= np.float32(1 + self.durable)
        need += grown
        np.minimum(need, np.float32(1), out=need)


@dataclass(frozen=True)
class Complements:
    """What was bought calls for what goes with it, for a while.

        urge = need+ + strength C (1 - need+),  need+ = max(need, 0)
        bought: C = 1 in the category that goes with it;  C *= 2^(-days / half_life)

    Attributes:
        strength: Part of a ripe need that a fresh complement makes up for. Chosen. 0 to 1.
        half_life: Days. Chosen. > 0.
    """

    strength: float = 0.8
    half_life: float = 7.0

    def __post_init__(self) -> None:
        check_ranges(self, strength=(0, 1), half_life=(0.01, 1e5))

    def urge(self, need: CategoryNeed, call: CategoryShare) -> CategoryShare:
        """How much users want something of a category now, 0 to 1, all (categories, users)."""
        felt = np.clip(need, np.float32(0), np.float32(1), out=warm.like(need))
        urge = warm.scaled(call, self.strength)
        urge *= np.float32(1) - felt
        urge += felt
        return urge
