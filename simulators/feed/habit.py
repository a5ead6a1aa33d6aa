"""When a session ends, how long until the next by habit, and whether there is one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftrec.simulators.arrays import EndedAmount, EndedShare, UserAmount, UserShare
from driftrec.simulators.engagement import sigmoid
from driftrec.simulators.feed.feed_arrays import EndedDraw, EndedFlag
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.vectors import Float


@dataclass(frozen=True)
class Weariness:
    """Chance that a session ends after a page.

        P = sigmoid(base - satisfaction * (S - 1/2) + minutes of this session / tired)

    Attributes:
        base: Log-odds at satisfaction 1/2 in a fresh session. In [-40, 40].
        satisfaction: Log-odds from satisfaction 0 to 1. In [0, 40].
        tired: Minutes of a session that add 1 to the log-odds. In [0.01, 1e6].
    """

    base: float = -2.2
    satisfaction: float = 3.0
    tired: float = 30.0  # minutes

    def __post_init__(self) -> None:
        check_ranges(self, base=(-40, 40), satisfaction=(0, 40), tired=(1e-2, 1e6))

    def chance(self, satisfaction: UserShare, minutes: UserAmount, held: Float | float = 0.0) -> UserShare:
        """Chance of an end, (users,), with log-odds of ``held`` taken off."""
        odds = minutes * np.float32(1.0 / self.tired) - held
        odds -= np.float32(self.satisfaction) * (satisfaction - np.float32(0.5))
        return sigmoid(odds + np.float32(self.base))


@dataclass(frozen=True)
class Habit:
    """Two states of habit, daily and casual; time away; and churn that is S-shaped in satisfaction.

        a session ends, with chance ``change``: daily with P = sigmoid(base + satisfaction * (S - 1/2)), else casual
        gap ~ Exponential(mean = daily or casual), at most max_gap hours
        P(gone for good | gap) = 1 - exp(-(calm + (alarm - calm) * sigmoid((pivot - S) * steep)) * gap)

    Days away, gap / 24 rounded up, are then geometric in each state: KuaiRand-Pure's are 52 % geometric 0.872 and 48 %
    geometric 0.337, which are exponentials of mean 24 / -log(1 - p) = 11.7 and 58.4 hours. Far above the pivot users
    forgive much, far below all is lost already: in between a little more satisfaction keeps many.

    Attributes:
        base: Log-odds of the daily habit at satisfaction 1/2. In [-40, 40].
        satisfaction: Its log-odds from satisfaction 0 to 1. In [0, 40].
        change: Chance that the habit is settled anew at the end of a session. In [0, 1].
        daily: Mean hours away of the daily. In [0.001, 1e6].
        casual: Mean hours away of the casual. In [0.001, 1e6].
        max_gap: Longest time away in hours. In [0.001, 1e6].
        calm: Departures per hour away of the satisfied. In [0, 1000].
        alarm: Departures per hour away of the dissatisfied. In [0, 1000].
        pivot: Satisfaction in the middle of the two. In [0, 1].
        steep: Log-odds from satisfaction 0 to 1. In [0, 100].
    """

    base: float = 1.0
    satisfaction: float = 6.0
    change: float = 0.5
    daily: float = 11.7  # hours
    casual: float = 58.4  # hours
    max_gap: float = 336.0  # hours
    calm: float = 0.0002
    alarm: float = 0.005
    pivot: float = 0.35
    steep: float = 16.0

    def __post_init__(self) -> None:
        check_ranges(self, base=(-40, 40), satisfaction=(0, 40), change=(0, 1), daily=(1e-3, 1e6), casual=(1e-3, 1e6))
        check_ranges(self, max_gap=(1e-3, 1e6), calm=(0, 1e3), alarm=(0, 1e3), pivot=(0, 1), steep=(0, 100))

    def chance_of_daily(self, satisfaction: UserShare) -> UserShare:
        """P(daily) where the habit is settled anew. Shape kept."""
        return sigmoid(np.float32(self.satisfaction) * (satisfaction - np.float32(0.5)) + np.float32(self.base))

    def settle(self, daily: EndedFlag, satisfaction: EndedShare, draw: EndedDraw) -> EndedFlag:
        """Who is daily after a session, (ended,), from who was and a uniform draw."""
        change = np.float32(self.change)
        return np.where(draw < change, draw < change * self.chance_of_daily(satisfaction), daily)

    def gap(self, daily: EndedFlag, draw: EndedAmount) -> EndedAmount:
        """Hours away, (ended,), from an exponential draw of mean 1."""
        mean = np.where(daily, np.float32(self.daily), np.float32(self.casual))
        return np.minimum(mean * draw, np.float32(self.max_gap))

    def chance_of_loss(self, satisfaction: EndedShare, gap: EndedAmount) -> EndedShare:
        """Chance of never coming back after ``gap`` hours, (ended,)."""
        lost = sigmoid(np.float32(self.steep) * (np.float32(self.pivot) - satisfaction))
        rate = np.float32(self.calm) + np.float32(self.alarm - self.calm) * lost
        return -np.expm1(-rate * gap)
