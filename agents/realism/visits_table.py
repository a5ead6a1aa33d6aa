"""Sessions of lives as columns: how long, how far apart, what was opened in them, and how alike that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.fitting_worlds.lives import NOTHING, LoggedUsers
from driftrec.simulators.vectors import Double


@dataclass(frozen=True)
class Scale:
    """What real and simulated lives are measured by alike.

    Attributes:
        vectors: Of the items, centred on what the log's users opened, of length 1, (items, dims).
        topic: Of the items, (items,).
        share: Of the log's openings, by item, (items,).
    """

    vectors: Double
    topic: NDArray[np.int64]
    share: Double


def scale_of(lives: LoggedUsers, vectors: NDArray[np.floating], topic: NDArray[np.int64]) -> Scale:
    """The scale that a log sets."""
    opened = lives.opened[lives.opened != NOTHING]
    share = np.bincount(opened, minlength=len(lives.items)) / max(len(opened), 1)
    centred = vectors - share @ vectors
    return Scale(_unit(centred.astype(np.float64)), topic, share)


@dataclass(frozen=True)
class Sessions:
    """Sessions in order, user by user; each array (sessions,) unless it says otherwise. NaN where nothing is to tell.

    Attributes:
        user: Whose.
        slates: How many.
        away: Hours since the one before.
        opened: Items opened.
        engagement: An opening.
        topics: Entropy of the topics of what was opened, in nats; of two openings or more.
        alike: Mean cosine of every two items opened.
        halves: Cosine of the mean of every second opening with that of the others.
        again: Share of openings of what the user had opened before.
        popular: Mean logarithm of the share that the log's users opened of each item opened.
        middle: Mean vector of what was opened, of length 1, 0 where nothing was, (sessions, dims).
    """

    user: NDArray[np.int64]
    slates: NDArray[np.int64]
    away: Double
    opened: NDArray[np.int64]
    engagement: Double
    topics: Double
    alike: Double
    halves: Double
    again: Double
    popular: Double
    middle: Double

    def near(self, lag: int, order: NDArray[np.intp] | None = None) -> tuple[Double, NDArray[np.int64]]:
        """Cosines of every session's middle with the user's ``lag``-th next, and whose: both (pairs,).

        Sessions in which nothing was opened are left out; ``order`` puts the sessions in another order.
        """
        rows = np.arange(len(self.user)) if order is None else order
        rows = rows[self.opened[rows] > 0]
        a, b = rows[:-lag], rows[lag:]
        same = self.user[a] == self.user[b]
        return (self.middle[a] * self.middle[b]).sum(axis=1)[same], self.user[a][same]


def sessions_of(lives: LoggedUsers, scale: Scale) -> Sessions:
    """The sessions of lives."""
    begin = np.append(True, (np.diff(lives.user) != 0) | (np.diff(lives.session) != 0))
    number = np.cumsum(begin) - 1
    many, first = int(number[-1]) + 1, np.flatnonzero(begin)
    last = np.append(first[1:], len(number)) - 1
    user = lives.user[first]
    away = np.full(many, np.nan)
    away[1:] = np.where(user[1:] == user[:-1], lives.hours[first[1:]] - lives.hours[last[:-1]], np.nan)
    rows = np.flatnonzero(lives.opened != NOTHING)
    of, items = number[rows], lives.opened[rows]
    opened = np.bincount(of, minlength=many)
    vectors = scale.vectors[items]
    sums = _added(of, vectors, many)
    place = np.arange(len(of)) - np.searchsorted(of, of)  # of each opening in its session
    odd = _added(of[place % 2 == 1], vectors[place % 2 == 1], many)
    pairs = opened * (opened - 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Sessions(
            user,
            np.bincount(number[lives.heads], minlength=many),
            away,
            opened,
            np.bincount(of, lives.engagement[rows], many) / opened,
            _entropy(of, scale.topic[items], opened),
            ((sums**2).sum(axis=1) - np.bincount(of, (vectors**2).sum(axis=1), many)) / pairs,
            np.where(opened > 1, (_unit(odd) * _unit(sums - odd)).sum(axis=1), np.nan),
            np.bincount(of, _again(lives.user[rows], items), many) / opened,
            np.bincount(of, np.log(scale.share[items] + 1e-6), many) / opened,
            _unit(sums),
        )


def _unit(vectors: Double) -> Double:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _added(of: NDArray[np.int64], vectors: Double, many: int) -> Double:
    """Sums of vectors by session, (sessions, dims)."""
    return np.column_stack([np.bincount(of, column, many) for column in vectors.T])


def _entropy(of: NDArray[np.int64], topic: NDArray[np.int64], opened: NDArray[np.int64]) -> Double:
    """Of the shares of topics, by session; NaN of fewer than two openings."""
    topics = int(topic.max(initial=0)) + 1
    pair, count = np.unique(of * topics + topic, return_counts=True)
    session = pair // topics
    share = count / opened[session]
    found = np.bincount(session, -share * np.log(share), len(opened))
    return np.where(opened > 1, found, np.nan)


def _again(user: NDArray[np.int64], items: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the user had opened the same before."""
    pair = user * (int(items.max(initial=0)) + 1) + items
    again = np.ones(len(pair), np.bool_)
    again[np.unique(pair, return_index=True)[1]] = False
    return again
