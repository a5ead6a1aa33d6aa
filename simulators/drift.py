"""How interests move: towards what is read, at random, now and then to something new, and slowly back home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import warm
from driftrec.simulators.arrays import (
    Draw,
    Home,
    Interest,
    OpenedDirections,
    OpenedUsers,
    TopicDirections,
    UserAmount,
    Walk,
)
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.vectors import Float, normalise


@runtime_checkable
class DriftRule(Protocol):
    """How interests move: float32 unit vectors (users, dims), changed in place and left at length 1."""

    def consume(self, interest: Interest, users: OpenedUsers, latent: OpenedDirections) -> None:
        """Move the rows ``users`` (opened,) of ``interest`` on account of what they read, ``latent`` (opened, dims)."""
        ...

    def pass_time(self, interest: Interest, home: Home, hours: UserAmount, noise: Walk) -> None:
        """Let ``hours`` (users,) pass.

        ``home`` is the long-term interest (users, dims); ``noise``, draws of mean 0 and variance 1 (users, dims), may
        be overwritten.
        """
        ...

    def maybe_jump(
        self, interest: Interest, topics: TopicDirections, hours: UserAmount, whether: Draw, where: Draw
    ) -> None:
        """Turn to something new, or do not.

        ``topics`` are unit vectors (topics, dims), ``hours`` what has passed (users,), ``whether`` and ``where``
        uniform draws in [0, 1), (users,).
        """
        ...


@dataclass(frozen=True)
class InterestDrift:
    """Motion of a user's interest, a unit vector u, around the long-term interest h of that user.

    On reading item i:      u <- u + towards * (latent_i - u)
    While t hours pass:     u <- h + (u - h) * 2^(-t / half_life) + walk * sqrt(t) * noise
    With chance 1 - exp(-jump_rate * t):  u <- u + jump * (mean direction of a random topic)

    and u is scaled back to length 1 after each. Noise has mean 0 and variance 1 in every dimension. A topic's mean
    direction is the mean latent of its items, scaled to length 1. At most one jump falls into one ``t``.

    Attributes:
        towards: Part of the way to the item that one reading moves. In [0, 1].
        walk: Standard deviation per dimension and square root of an hour. >= 0.
        half_life: Hours in which half of the way back to h is gone. > 0.
        jump_rate: Jumps per hour. >= 0.
        jump: Weight of the new interest beside the old, whose length is 1. >= 0.
    """

    towards: float = 0.03
    walk: float = 0.01  # per square root of an hour
    half_life: float = 72.0  # hours
    jump_rate: float = 0.002  # per hour
    jump: float = 0.8

    def __post_init__(self) -> None:
        check_ranges(self, towards=(0, 1), walk=(0, 10), half_life=(1e-3, 1e9), jump_rate=(0, 100), jump=(0, 100))

    def consume(self, interest: Float, users: NDArray[np.int64], latent: Float) -> None:
        """Move, in place, the interest (rows ``users`` of ``interest``) towards what was read, (opened, dims)."""
        moved = warm.take(interest, users)
        way = np.subtract(latent, moved, out=warm.like(moved))
        way *= self.towards
        moved += way
        normalise(moved)
        interest[users] = moved

    def pass_time(self, interest: Float, home: Float, hours: Float, noise: Float) -> None:
        """Pull home and walk for ``hours`` (users,), in place; ``noise`` has the shape of ``interest``."""
        keep = np.exp(hours * np.float32(-np.log(2.0) / self.half_life))[:, None]
        interest -= home
        interest *= keep
        interest += home
        noise *= (self.walk * np.sqrt(hours))[:, None]
        interest += noise
        normalise(interest)

    def maybe_jump(self, interest: Float, topics: Float, hours: Float, whether: Float, where: Float) -> None:
        """Jump to a random topic, in place.

        Args:
            interest: Shape (users, dims).
            topics: Mean direction of each topic, unit rows, (topics, dims).
            hours: Time passed, (users,).
            whether: Uniform draw that decides on a jump, (users,).
            where: Uniform draw that picks the topic, (users,).
        """
        users = np.flatnonzero(whether <= self.jump_rate * hours)  # 1 - exp(-x) <= x: nobody else can jump
        users = users[whether[users] < -np.expm1(-self.jump_rate * hours[users])]
        moved = interest.take(users, axis=0)
        moved += self.jump * topics[(where[users] * len(topics)).astype(np.int64)]
        normalise(moved)
        interest[users] = moved
