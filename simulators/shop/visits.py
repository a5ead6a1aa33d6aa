"""Satisfaction, and how long users stay away by it and by habit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftrec.simulators.arrays import Draw, OpenedShare, SlateShare, UserAmount, UserFlag, UserShare
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.shop.shop_arrays import ItemDeviation, ItemShare, SlateFlag


@dataclass(frozen=True)
class Contentment:
    """Satisfaction S in [0, 1], moved position by position.

        bought:               S += bought (w - S),             w = f(quality q - allure a)
        editorial looked at:  S += editorial (min(1.3 w, 1) - S)
        passed over:          S -= passed S

    Attributes:
        bought: Rate on buying, at once or later. Chosen. 0 to 1.
        editorial: Rate on looking at an editorial. Chosen. 0 to 1.
        passed: Rate on each thing passed over. Chosen. 0 to 1.
        quality: Per standard deviation of quality. Chosen. >= 0.
        allure: Per standard deviation of the presentation's pull: what promised more than it held. Chosen. >= 0.
        start_low: Lowest satisfaction of a new user. Chosen. 0 to 1.
        start_high: Highest. Chosen. 0 to 1.
    """

    bought: float = 0.3
    editorial: float = 0.02
    passed: float = 0.004
    quality: float = 1.2
    allure: float = 0.8
    start_low: float = 0.4
    start_high: float = 0.6

    def __post_init__(self) -> None:
        rates = ("bought", "editorial", "passed", "start_low", "start_high")
        check_ranges(self, **dict.fromkeys(rates, (0, 1)), quality=(0, 50), allure=(0, 50))
        if self.start_low > self.start_high:
            raise ValueError(
                f"{type(self).__name__}.start_low is {self.start_low}, above start_high, {self.start_high}; swap them."
            )

    def start(self, chance: Draw) -> UserShare:
        """Of new users, from uniform draws, (users,)."""
        return np.float32(self.start_low) + np.float32(self.start_high - self.start_low) * chance

    def worth(self, quality: ItemDeviation, allure: ItemDeviation) -> ItemShare:
        """W of every thing, in [0, 1], (items,)."""
        good = np.float32(self.quality) * quality - np.float32(self.allure) * allure
        return np.float32(1) / (np.float32(1) + np.exp(-good))

    def after_page(
        self,
        satisfaction: UserShare,
        worth: SlateShare,
        offer: SlateFlag,
        shown: SlateFlag,
        viewed: SlateFlag,
        bought: SlateFlag,
    ) -> UserShare:
        """Satisfaction (users,) after a page; all else is (slate_size, users)."""
        read = viewed & ~offer
        rate = np.float32(self.bought) * bought
        rate += np.float32(self.editorial) * read
        rate += np.float32(self.passed) * (shown & ~viewed)
        target = np.where(read, np.minimum(np.float32(1.3) * worth, np.float32(1)), worth) * viewed
        for k in range(len(rate)):
            satisfaction = satisfaction + rate[k] * (target[k] - satisfaction)
        return satisfaction

    def after_purchase(self, satisfaction: OpenedShare, worth: OpenedShare) -> OpenedShare:
        """Satisfaction after a later purchase of that ``worth``, both (buyers,)."""
        return satisfaction + np.float32(self.bought) * (worth - satisfaction)


@dataclass(frozen=True)
class Visits:
    """Whole days to the next visit by one of two habits, and whether there is none.

        days = min(longest, 1 + floor(exp(-satisfaction (S - centre)) E / -log(1 - p))),  E ~ Exp(1)
        p = often or seldom by the user's habit, which is drawn anew with chance ``switch`` at every visit
        P(gone for good) = 1 - exp(-2 churn f(steep (tipping - S)) days)

    At S = centre these are geometric days. In KuaiRand-Pure the gaps of 1 to 10 days are .617, .165, .079, .047, .031,
    .021, .014, .009, .006, .004: 52 % geometric with .872 and 48 % with .337.

    Attributes:
        often: Chance of coming back on any day, the habit of many. KuaiRand-Pure. 0 to 1, neither.
        seldom: The same of the others. KuaiRand-Pure. 0 to 1, neither.
        share: Share of visits that the first habit follows. KuaiRand-Pure. 0 to 1.
        switch: Chance that a visit changes the habit. Chosen. 0 to 1.
        satisfaction: How much sooner the satisfied come. Chosen. >= 0.
        centre: Satisfaction at which gaps are those of the logs: the mean of random and planned visits. Chosen. 0 to 1.
        longest: Days away at most. Chosen. >= 1.
        churn: Rate at which users are lost at S = tipping, a day away. Chosen. >= 0.
        steep: How fast the rate changes with satisfaction: an S-shaped loss. Chosen. >= 0.
        tipping: Satisfaction around which it changes. Chosen. 0 to 1.
    """

    often: float = 0.872
    seldom: float = 0.337
    share: float = 0.52
    switch: float = 0.2
    satisfaction: float = 1.0
    centre: float = 0.42
    longest: float = 30.0
    churn: float = 0.012
    steep: float = 6.0
    tipping: float = 0.34

    def __post_init__(self) -> None:
        check_ranges(
            self, often=(1e-3, 0.999), seldom=(1e-3, 0.999), share=(0, 1), switch=(0, 1), centre=(0, 1), tipping=(0, 1)
        )
        check_ranges(self, satisfaction=(0, 50), longest=(1, 1e4), churn=(0, 1e3), steep=(0, 50))

    def habit(self, chance: Draw) -> UserFlag:
        """Whether users come often, from uniform draws, (users,)."""
        return chance < self.share

    def days(self, satisfaction: UserShare, often: UserFlag, exponential: UserAmount) -> UserAmount:
        """Whole days to the next visit, all (users,)."""
        lasting = np.where(often, *(np.float32(-1 / np.log1p(-p)) for p in (self.often, self.seldom)))
        sooner = np.exp(np.float32(-self.satisfaction) * (satisfaction - np.float32(self.centre)))
        return np.minimum(np.float32(1) + np.floor(sooner * lasting * exponential), np.float32(self.longest))

    def lost(self, days: UserAmount, satisfaction: UserShare) -> UserShare:
        """Chance of being gone for good after ``days``, all (users,)."""
        calm = np.exp(np.float32(self.steep) * (satisfaction - np.float32(self.tipping)))
        return -np.expm1(np.float32(-2 * self.churn) * days / (np.float32(1) + calm))
