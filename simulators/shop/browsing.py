"""Which things of a page are looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import warm
from driftrec.simulators.arrays import SlateDeviation
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.shop.shop_arrays import (
    CategoryCosine,
    CategoryDeviation,
    CategoryFlag,
    CategoryShare,
    ItemDeviation,
    SameCategory,
    SlateFlag,
)


@dataclass(frozen=True)
class Browsing:
    """A page is read from the top; several things may be looked at.

        P(view position k) = f(base + liking l_c + urge e_c + fit <z, x> + allure a + trust (S - 1/2)
                               - muted M_c - takeaway n_c(k) - position k),   f(y) = 1 / (1 + exp(-y))

    l_c = <z, centre of category c>, the user's liking of it; e_c the urge (``Complements``); z and x the directions of
    taste and thing; M_c whether the category is muted (``Wear``); n_c(k) things of the category looked at above k.

    Attributes:
        base: Log-odds without anything else. Chosen so that random pages are looked at as in logs. Any.
        liking: Per unit of the liking. Chosen. >= 0.
        urge: Per unit of the urge. Chosen. >= 0.
        fit: Per unit of cosine. Chosen. >= 0.
        allure: Per standard deviation of the presentation's pull. Chosen. >= 0.
        trust: Per unit of satisfaction. Chosen. >= 0.
        muted: Lost where the category is muted. Chosen. >= 0.
        takeaway: Lost to each thing of the category looked at above. Chosen. >= 0.
        position: Lost a place. Chosen. >= 0.
    """

    base: float = -1.2
    liking: float = 1.0
    urge: float = 0.4
    fit: float = 0.6
    allure: float = 0.6
    trust: float = 1.0
    muted: float = 4.0
    takeaway: float = 1.2
    position: float = 0.08

    def __post_init__(self) -> None:
        check_ranges(self, base=(-50, 50))
        check_ranges(self, **dict.fromkeys(("liking", "urge", "fit", "allure", "trust", "muted"), (0, 50)))
        check_ranges(self, takeaway=(0, 50), position=(0, 50))

    def of_items(self, allure: ItemDeviation) -> ItemDeviation:
        """What a thing has by itself, (items,)."""
        return np.float32(self.base) + np.float32(self.allure) * allure

    def of_categories(self, liking: CategoryCosine, urge: CategoryShare, muted: CategoryFlag) -> CategoryDeviation:
        """What a category adds, all (categories, users)."""
        adds = warm.scaled(liking, self.liking)
        adds += warm.scaled(urge, self.urge)
        adds -= warm.scaled(warm.cast(muted, np.float32), self.muted)
        return adds

    def viewed(self, logits: SlateDeviation, same: SameCategory) -> SlateFlag:
        """What is looked at, (slate_size, users).

        Args:
            logits: Log-odds without takeaway, plus a logistic draw, (slate_size, users); empty places -inf.
            same: Whether two positions are of one category, (slate_size, slate_size, users).
        """
        viewed = np.empty(logits.shape, np.bool_)
        for k, logit in enumerate(logits):
            above = np.zeros(logit.shape, np.float32)
            for j in range(k):
                above += same[k, j] & viewed[j]
            np.greater(logit - np.float32(k * self.position), np.float32(self.takeaway) * above, out=viewed[k])
        return viewed


def of_one_category(category: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a position, the first axis, shares the category of one above it, (slate_size, slate_size, users)."""
    size = len(category)
    same = np.zeros((size, *category.shape), np.bool_)
    for k in range(1, size):
        np.equal(category[:k], category[k], out=same[k, :k])
    return same
