"""When a session ends, how long the user stays away, and whether the user comes back at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from driftrec.simulators.arrays import EndedAmount, EndedShare, UserAmount, UserShare
from driftrec.simulators.engagement import sigmoid
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.vectors import Float


@runtime_checkable
class SessionEndRule(Protocol):
    """When a session ends."""

    def probability(self, satisfaction: UserShare, session_minutes: UserAmount) -> UserShare:
        """Chance that it ends after this slate, float32 in [0, 1], (users,).

        ``satisfaction`` is in [0, 1], ``session_minutes`` what was read in this session, this slate included.
        """
        ...


@runtime_checkable
class ReturnRule(Protocol):
    """How long users stay away after a session, and whether they come back."""

    def gap(self, satisfaction: EndedShare, draw: EndedAmount) -> EndedAmount:
        """Hours away, float32, >= 0, (ended,); ``draw`` is exponential with mean 1, at most 16.7."""
        ...

    def churn_probability(self, gap: EndedAmount) -> EndedShare:
        """Chance of never coming back after ``gap`` hours, float32 in [0, 1], (ended,)."""
        ...


@dataclass(frozen=True)
class SessionEnd:
    """Chance that a session ends after a slate.

        p = sigmoid(base - satisfaction * (S - 1/2) + tired * (minutes read in this session) / 30)

    Attributes:
        base: Log-odds at satisfaction 1/2 in a fresh session.
        satisfaction: Log-odds from satisfaction 0 to 1. >= 0.
        tired: Log-odds per half-hour read in the session. >= 0.
    """

    base: float = -2.2
    satisfaction: float = 3.0
    tired: float = 1.0

    def __post_init__(self) -> None:
        check_ranges(self, base=(-40, 40), satisfaction=(0, 40), tired=(0, 40))

    def probability(self, satisfaction: Float, session_minutes: Float) -> Float:
        """Chance of an end, in [0, 1], shape (users,)."""
        odds = self.tired / 30.0 * session_minutes
        odds -= self.satisfaction * (satisfaction - np.float32(0.5))
        return sigmoid(odds + np.float32(self.base))


@dataclass(frozen=True)
class Return:
    """Time away after a session, and churn.

        gap ~ Exponential(mean = mean_gap * exp(-satisfaction * (S - 1/2))), at most max_gap hours
        P(gone for good | gap) = 1 - exp(-churn_rate * gap)

    Every hour away is a chance to find something better, so those who come back soon stay for long.

    Attributes:
        mean_gap: Mean gap in hours at satisfaction 1/2. > 0.
        satisfaction: Log of the factor by which the gap shrinks from satisfaction 0 to 1. >= 0.
        max_gap: Longest gap in hours. > 0.
        churn_rate: Departures per hour away. >= 0.
    """

    mean_gap: float = 24.0  # hours
    satisfaction: float = 4.0
    max_gap: float = 336.0  # hours
    churn_rate: float = 0.0015  # per hour

    def __post_init__(self) -> None:
        check_ranges(self, mean_gap=(1e-3, 1e6), satisfaction=(0, 20), max_gap=(1e-3, 1e6), churn_rate=(0, 1e3))

    def gap(self, satisfaction: Float, draw: Float) -> Float:
        """Hours away, shape (users,); ``draw`` is exponential with mean 1."""
        mean = self.mean_gap * np.exp(-self.satisfaction * (satisfaction - np.float32(0.5)))
        return np.minimum(mean * draw, np.float32(self.max_gap))

    def churn_probability(self, gap: Float) -> Float:
        """Chance of never coming back after ``gap`` hours, shape kept."""
        return -np.expm1(-self.churn_rate * gap)
