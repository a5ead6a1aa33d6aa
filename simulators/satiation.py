"""Satiation: having had enough of a topic for now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.arrays import OpenedTopics, OpenedUsers, TopicShare, UserAmount
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.vectors import Float


@runtime_checkable
class SatiationRule(Protocol):
    """How users tire of topics and recover: float32 in [0, 1], (users, topics), changed in place."""

    def build(self, satiation: TopicShare, users: OpenedUsers, topics: OpenedTopics) -> None:
        """Account for what the rows ``users`` (opened,) just read: an item of ``topics`` (opened,) each."""
        ...

    def decay(self, satiation: TopicShare, hours: UserAmount) -> None:
        """Let ``hours`` (users,) pass."""
        ...


@dataclass(frozen=True)
class TopicSatiation:
    """Satiation s in [0, 1] of every user with every topic.

    Opening an item of topic c: s_c <- s_c + gain * (1 - s_c). Time heals: s <- s * 2^(-hours / half_life).

    Attributes:
        gain: Part of the way to full satiation that one opened item moves. In [0, 1].
        half_life: Hours in which satiation halves. > 0.
    """

    gain: float = 0.35
    half_life: float = 12.0  # hours

    def __post_init__(self) -> None:
        check_ranges(self, gain=(0, 1), half_life=(1e-3, 1e6))

    def build(self, satiation: Float, users: NDArray[np.int64], topics: NDArray[np.int64]) -> None:
        """Raise, in place, the satiation of ``users`` (rows) with ``topics``, both shape (opened,)."""
        before = satiation[users, topics]
        satiation[users, topics] = before + self.gain * (np.float32(1.0) - before)

    def decay(self, satiation: Float, hours: Float) -> None:
        """Let ``hours`` (users,) pass over ``satiation`` (users, topics), in place."""
        satiation *= np.exp(hours * np.float32(-np.log(2.0) / self.half_life))[:, None]
