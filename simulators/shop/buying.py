"""Consideration and purchases: at once, later, and elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftrec.simulators import warm
from driftrec.simulators.arrays import SlateDeviation
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.shop.shop_arrays import (
    CategoryCount,
    CategoryDeviation,
    CategoryShare,
    GrowingAmount,
    GrowingShare,
    ItemDeviation,
    ItemPrice,
    SameCategory,
    SlateFlag,
    SlotDeviation,
    SlotRate,
)

USUAL_PRICE = 10.0
"""Price, in euros, that the terms of price count from."""


@dataclass(frozen=True)
class Consideration:
    """How far users have come in making up their minds about a category, K in [0, 1].

        looked at: K += gain (1 - K),  gain: of an offer or of an editorial;  bought: K = 0
        K *= 2^(-days / half_life)

    Attributes:
        offer: Gain from an offer. Chosen. 0 to 1.
        editorial: Gain from an editorial. Chosen. 0 to 1.
        half_life: Days. Chosen. > 0.
    """

    offer: float = 0.1
    editorial: float = 0.35
    half_life: float = 10.0

    def __post_init__(self) -> None:
        check_ranges(self, offer=(0, 1), editorial=(0, 1), half_life=(0.01, 1e5))

    def grow(self, mind: GrowingShare, offers: CategoryCount, editorials: CategoryCount) -> None:
        """Look at so many offers and editorials; ``mind`` is changed in place, all (categories, users)."""
        most = int(max(offers.max(initial=0), editorials.max(initial=0))) + 1
        times = np.arange(most, dtype=np.float32)
        left = np.outer(np.float32(1 - self.offer) ** times, np.float32(1 - self.editorial) ** times)  # of 1 - K
        kept = left.ravel().take(offers * most + editorials)
        kept *= np.float32(1) - mind
        np.subtract(np.float32(1), kept, out=mind)


@dataclass(frozen=True)
class Purchase:
    """Whether an offer that is looked at is bought at once.

        P(buy | view) = f(base + urge e_c + consideration K_c + trust (S - 1/2) + fit <z, x> + quality q + allure a
                          - price log(price / 10))

    Of a category at most one is bought from a page.

    Attributes:
        base: Log-odds without anything else. Chosen. Any.
        urge: Per unit of the urge. Chosen. >= 0.
        consideration: Per unit of it. Chosen. >= 0.
        trust: Per unit of satisfaction. Chosen. >= 0.
        fit: Per unit of cosine. Chosen. >= 0.
        quality: Per standard deviation of quality. Chosen. >= 0.
        allure: Per standard deviation of the presentation's pull. Chosen. >= 0.
        price: Per unit of the logarithm of the price. Chosen. >= 0.
    """

    base: float = -7.5
    urge: float = 3.5
    consideration: float = 6.0
    trust: float = 1.0
    fit: float = 0.6
    quality: float = 0.5
    allure: float = 0.3
    price: float = 0.8

    def __post_init__(self) -> None:
        check_ranges(self, base=(-50, 50), price=(0, 50))
        names = ("urge", "consideration", "trust", "fit", "quality", "allure")
        check_ranges(self, **dict.fromkeys(names, (0, 50)))

    def of_items(self, price: ItemPrice, quality: ItemDeviation, allure: ItemDeviation) -> ItemDeviation:
        """What a thing has by itself, (items,); -inf of what has no price and is not for sale."""
        offer = price > 0
        cost = np.log(np.where(offer, price, np.float32(1)) / np.float32(USUAL_PRICE))
        has = np.float32(self.base) + np.float32(self.quality) * quality + np.float32(self.allure) * allure
        return np.where(offer, has - np.float32(self.price) * cost, np.float32(-np.inf))

    def of_categories(self, urge: CategoryShare, consideration: CategoryShare) -> CategoryDeviation:
        """What a category adds, all (categories, users)."""
        adds = warm.scaled(urge, self.urge)
        adds += warm.scaled(consideration, self.consideration)
        return adds

    def bought(self, logits: SlateDeviation, viewed: SlateFlag, same: SameCategory) -> SlateFlag:
        """What is bought at once, (slate_size, users).

        Args:
            logits: Log-odds plus a logistic draw, (slate_size, users).
            viewed: What is looked at, the same shape.
            same: Whether two positions are of one category, (slate_size, slate_size, users).
        """
        bought = logits > 0
        bought &= viewed
        for k in range(1, len(bought)):
            for j in range(k):
                bought[k] &= ~(same[k, j] & bought[j])
        return bought


@dataclass(frozen=True)
class Later:
    """Between visits, an offer looked at and not bought is thought of again, or the need is served elsewhere.

        hazard of an offer on the mind = delay f(y - hesitation) a day,  y: its log-odds of ``Purchase`` now
        hazard of a purchase elsewhere = elsewhere min(max((e_c - ripe) / (1 - ripe), 0), 1) a day, by category

    Between two visits the first event of all counts, and no second one. On the mind are the last offers looked at.

    Attributes:
        delay: Most purchases a day of an offer on the mind. Chosen. >= 0.
        hesitation: Log-odds that time costs. Chosen. >= 0.
        elsewhere: Purchases a day of a category that is needed fully. Chosen. >= 0.
        ripe: Urge below which nobody goes elsewhere. Chosen. 0 to 1, not 1.
    """

    delay: float = 0.4
    hesitation: float = 0.7
    elsewhere: float = 0.04
    ripe: float = 0.6

    def __post_init__(self) -> None:
        check_ranges(self, delay=(0, 100), hesitation=(0, 50), elsewhere=(0, 100), ripe=(0, 0.999))

    def here(self, adds: SlotDeviation, pull: SlotDeviation, out: SlotRate) -> None:
        """Hazards a day of the offers on the mind, all (slots, users).

        Args:
            adds: What their categories and satisfaction add to the log-odds.
            pull: What the offers have by themselves.
            out: Takes the hazards.
        """
        np.add(adds, pull, out=out)
        np.subtract(np.float32(self.hesitation), out, out=out)
        np.exp(out, out=out)
        out += np.float32(1)
        np.divide(np.float32(self.delay), out, out=out)

    def away(self, urge: CategoryShare, out: GrowingAmount) -> None:
        """Hazards a day of purchases elsewhere, into ``out``, both (categories, users)."""
        np.subtract(urge, np.float32(self.ripe), out=out)
        out *= np.float32(1 / (1 - self.ripe))
        np.clip(out, np.float32(0), np.float32(1), out=out)
        out *= np.float32(self.elsewhere)
