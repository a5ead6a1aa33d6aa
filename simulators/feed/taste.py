"""Taste for topics: it grows with what was worth opening, up to a potential of the user's own, and fades."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.arrays import OpenedShare, UserAmount
from driftrec.simulators.feed.feed_arrays import (
    DoubleDirections,
    PersonaDirections,
    PersonaTaste,
    TopicAmount,
    TopicDeviation,
    TopicDraw,
    UserDirection,
    UserTraits,
)
from driftrec.simulators.feed.feed_state import FeedState
from driftrec.simulators.feed.looks import Openings
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.sizes import check_sizes
from driftrec.simulators.vectors import Float


@dataclass(frozen=True)
class Taste:
    """Taste A of a user for each topic, its home A0 and its potential P.

        A0 = (liking for the ``liked`` topics nearest the persona's interest, else other) + individual * n, at least 0
        P = gem for ``gems`` of the other topics, a user's own draw, else A0
        opened, of worth w: A[c] <- A[c] + growth * w * (P[c] - A[c])+
        over h hours: A <- A0 + (A - A0) * 2^(-h / half_life)

    Gems leave no mark before they are grown: exposure makes liking (Zajonc, 1968), where there is something to like.

    Attributes:
        liking: Taste for liked topics. In [0, 10].
        other: Taste for other topics. In [0, 10].
        liked: Topics that a persona likes; at most those there are. In [0, 1000].
        gems: Topics that a user could come to like; at most those that are left. In [0, 1000].
        gem: Taste that they can grow to. In [0, 10].
        individual: Standard deviation of a user's taste around the persona's. In [0, 10].
        growth: Part of the way to the potential that one item of worth 1 moves. In [0, 1].
        half_life: Hours in which what was grown halves. In [0.001, 1e6].
        persona: Part of the variance of the own taste within topics that the persona explains. In [0, 1].
    """

    liking: float = 0.9
    other: float = 0.1
    liked: int = 2
    gems: int = 3
    gem: float = 1.8
    individual: float = 0.12
    growth: float = 0.3
    half_life: float = 120.0  # hours
    persona: float = 0.5

    def __post_init__(self) -> None:
        check_ranges(self, liking=(0, 10), other=(0, 10), gem=(0, 10), individual=(0, 10), growth=(0, 1))
        check_ranges(self, half_life=(1e-3, 1e6), persona=(0, 1))
        check_sizes(self, liked=(0, 1000), gems=(0, 1000))

    def of_personas(self, interest: PersonaDirections, directions: DoubleDirections) -> PersonaTaste:
        """Taste of an average user of every persona, (personas, topics).

        Args:
            interest: Of the personas, (personas, dims).
            directions: Of the topics, (topics, dims).
        """
        nearest = np.argsort(-(interest @ directions.T), axis=1, kind="stable")[:, : self.liked]
        taste = np.full((len(interest), len(directions)), self.other, np.float32)
        np.put_along_axis(taste, nearest, np.float32(self.liking), axis=1)
        return taste

    def born(self, usual: TopicAmount, normals: TopicDeviation, draws: TopicDraw) -> tuple[TopicAmount, TopicAmount]:
        """Home and potential of new users, both (users, topics).

        Args:
            usual: Of their personas, (users, topics).
            normals: Standard normal, (users, topics).
            draws: Uniform, (users, topics): which topics are gems.
        """
        home = np.maximum(usual + np.float32(self.individual) * normals, np.float32(0.0))
        free = usual != np.float32(self.liking)
        gem = _lowest(np.where(free, draws, np.float32(2.0)), self.gems) & free
        return home, np.where(gem, np.maximum(home, np.float32(self.gem)), home)

    def own(self, interest: UserDirection, normals: UserTraits) -> UserTraits:
        """Own taste within topics, about standard normal in every dimension, (users, dims).

        Args:
            interest: Of the personas, unit rows, (users, dims).
            normals: Standard normal, (users, dims).
        """
        told = np.float32(np.sqrt(self.persona * interest.shape[1]))
        return told * interest + np.float32(np.sqrt(1.0 - self.persona)) * normals

    def take(self, state: FeedState, openings: Openings, worth: OpenedShare) -> None:
        """Account for one opened item each, of that ``worth``."""
        taste = openings.at(state.taste)
        room = np.maximum(openings.at(state.potential) - taste, np.float32(0.0))
        openings.put(state.taste, taste + np.float32(self.growth) * worth * room)

    def pass_time(self, state: FeedState, hours: UserAmount) -> None:
        """Let ``hours`` (users,) pass."""
        grown = state.taste - state.home
        grown *= np.exp2(hours * np.float32(-1.0 / self.half_life))[:, None]
        np.add(state.home, grown, out=state.taste)


def _lowest(draws: Float, count: int) -> NDArray[np.bool_]:
    """True for the ``count`` lowest of every row, (users, topics)."""
    if not count:
        return np.zeros(draws.shape, np.bool_)
    places = np.argsort(draws, axis=1, kind="stable")[:, :count]
    chosen = np.zeros(draws.shape, np.bool_)
    np.put_along_axis(chosen, places, True, axis=1)
    return chosen
