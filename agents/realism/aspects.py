"""What is compared of real and simulated lives: each aspect is a curve, or one number, of sums over users."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.fitting_worlds.lives import NOTHING, LoggedUsers
from driftrec.agents.realism.visits_table import Scale, Sessions, sessions_of
from driftrec.simulators.vectors import Double

QUANTILES = 20
"""Steps of the grid on which distributions are compared: the log's own quantiles."""

LAGS = 6
"""Sessions apart, at most, over which similarity is told."""

FEW = 20
"""Points of a curve over items."""


@dataclass(frozen=True)
class Aspect:
    """One thing that can be measured of lives.

    Attributes:
        name: What it is.
        of: What the curve is drawn over, in words; "" of one number.
        points: Where the curve is told, (points,).
        rows: What each user adds, (users, columns).
        curve: Of totals (..., columns), (..., points); NaN where there is nothing to tell.
    """

    name: str
    of: str
    points: Double
    rows: Double
    curve: Callable[[Double], Double]


@dataclass(frozen=True)
class Lived:
    """Lives with their sessions.

    Attributes:
        lives: All slates.
        sessions: See ``visits_table.Sessions``.
    """

    lives: LoggedUsers
    sessions: Sessions


def with_sessions(lives: LoggedUsers, scale: Scale) -> Lived:
    """``lives`` with their sessions."""
    return Lived(lives, sessions_of(lives, scale))


def aspects(real: Lived, other: Lived, scale: Scale) -> Iterator[tuple[Aspect, Aspect]]:
    """Every aspect of the log, and the same of ``other``: lives of the same users, told on the same grid.

    Where neither opens anything twice there is nothing to be alike in, and no aspect of repeats.
    """
    for measure in (_clicks, _feedback, _items, _activity, _sessions, _alike):
        yield from zip(measure(real, real, scale), measure(other, real, scale), strict=True)
    if real.sessions.again.any() or other.sessions.again.any():
        yield _repeats(real), _repeats(other)


def _clicks(told: Lived, real: Lived, scale: Scale) -> Iterator[Aspect]:
    """Share of slates of which each position is opened, where the log tells of positions."""
    lives = told.lives
    if lives.shown is None:
        return
    size, users = lives.shown.shape[1], len(lives.users)
    rows = np.flatnonzero(lives.opened != NOTHING)
    place = (lives.shown[rows] == lives.opened[rows, None]).argmax(axis=1)
    opened = np.bincount(lives.user[rows] * size + place, minlength=users * size).reshape(users, size)
    slates = np.bincount(lives.user[lives.heads], minlength=users)
    columns = np.column_stack([opened, slates]).astype(float)
    yield Aspect("openings by position", "position", np.arange(1, size + 1, dtype=np.float64), columns, _over_last)


def _feedback(told: Lived, real: Lived, scale: Scale) -> Iterator[Aspect]:
    """Engagement of what was opened."""
    rows, theirs = (each.lives.opened != NOTHING for each in (told, real))
    values = told.lives.engagement[rows]
    yield _spread("engagement of an opening", told, told.lives.user[rows], values, real.lives.engagement[theirs])


def _items(told: Lived, real: Lived, scale: Scale) -> Iterator[Aspect]:
    """How openings are spread over items."""
    lives, items = told.lives, len(scale.share)
    rows = np.flatnonzero(lives.opened != NOTHING)
    pair = lives.user[rows] * items + lives.opened[rows]
    counts = np.bincount(pair, minlength=len(lives.users) * items).reshape(-1, items).astype(float)
    order = np.argsort(-scale.share, kind="stable")
    at = np.unique(np.linspace(0, items, min(FEW, items) + 1).astype(int)[1:])

    def curve(totals: Double) -> Double:
        return -np.sort(-totals, axis=-1).cumsum(axis=-1)[..., at - 1] / totals.sum(axis=-1, keepdims=True)

    def same(totals: Double) -> Double:
        return totals[..., order].cumsum(axis=-1)[..., at - 1] / totals.sum(axis=-1, keepdims=True)

    def gini(totals: Double) -> Double:
        weight = 2.0 * np.arange(1, items + 1) - items - 1
        value = (np.sort(totals, axis=-1) * weight).sum(axis=-1, keepdims=True)
        return np.asarray(value / (items * totals.sum(axis=-1, keepdims=True)))

    yield Aspect("popularity curve", "share of items, the most opened first", at / items, counts, curve)
    yield Aspect("which items are popular", "share of items, the log's most opened first", at / items, counts, same)
    yield Aspect("popularity Gini", "", np.zeros(1), counts, gini)


def _activity(told: Lived, real: Lived, scale: Scale) -> Iterator[Aspect]:
    """How much users do."""
    users = np.arange(len(told.lives.users))
    for name, whose in (("slates a user", _slates_of), ("sessions a user", _sessions_of)):
        yield _spread(name, told, users, whose(told), whose(real))


def _slates_of(told: Lived) -> Double:
    lives = told.lives
    return np.bincount(lives.user[lives.heads], minlength=len(lives.users)).astype(float)


def _sessions_of(told: Lived) -> Double:
    return np.bincount(told.sessions.user, minlength=len(told.lives.users)).astype(float)


def _sessions(told: Lived, real: Lived, scale: Scale) -> Iterator[Aspect]:
    """How long sessions are, how far apart, and what is in them."""
    mine, theirs = told.sessions, real.sessions
    yield _spread("slates a session", told, mine.user, mine.slates.astype(float), theirs.slates.astype(float))
    back, again = ~np.isnan(mine.away), ~np.isnan(theirs.away)
    yield _spread("hours away", told, mine.user[back], mine.away[back], theirs.away[again])
    yield _mean("topic entropy of a session", told, mine.topics, mine.user)
    yield _mean("similarity within a session", told, mine.alike, mine.user)


def _repeats(told: Lived) -> Aspect:
    """Share of openings of what the user had opened before."""
    return _mean("repeats", told, told.sessions.again, told.sessions.user, told.sessions.opened)


def _alike(told: Lived, real: Lived, scale: Scale) -> Iterator[Aspect]:
    """How alike sessions are that lie so many apart."""
    users, columns = len(told.lives.users), []
    for lag in range(1, LAGS + 1):
        value, whose = told.sessions.near(lag)
        columns.append([np.bincount(whose, value, users), np.bincount(whose, minlength=users)])
    rows = np.concatenate(np.array(columns, dtype=float).transpose(1, 0, 2)).T  # sums, then counts
    points = np.arange(1, LAGS + 1, dtype=np.float64)
    yield Aspect("similarity between sessions", "sessions apart", points, rows, _sums_over_counts)


def _spread(name: str, told: Lived, user: NDArray[np.int64], values: Double, real: Double) -> Aspect:
    """The distribution of ``values``, one ``user`` each, as shares up to the quantiles of ``real``."""
    grid = np.unique(np.quantile(real, np.linspace(0, 1, QUANTILES + 1)[1:-1])) if len(real) else np.zeros(1)
    users, bins = len(told.lives.users), len(grid) + 1
    of = np.searchsorted(grid, values)
    rows = np.bincount(user * bins + of, minlength=users * bins).reshape(users, bins).astype(float)

    def curve(totals: Double) -> Double:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(totals.cumsum(axis=-1)[..., :-1] / totals.sum(axis=-1, keepdims=True))

    return Aspect(name, name, grid, rows, curve)


def _mean(
    name: str, told: Lived, values: Double, user: NDArray[np.int64], weight: NDArray[np.int64] | None = None
) -> Aspect:
    """The mean of sessions' ``values``, those that are not NaN, weighed."""
    there = ~np.isnan(values)
    weights = (np.ones(len(values)) if weight is None else weight.astype(float))[there]
    users = len(told.lives.users)
    sums = [np.bincount(user[there], column, users) for column in (values[there] * weights, weights)]
    return Aspect(name, "", np.zeros(1), np.column_stack(sums), _over_last)


def _over_last(totals: Double) -> Double:
    """All but the last column, over the last."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(totals[..., :-1] / totals[..., -1:])


def _sums_over_counts(totals: Double) -> Double:
    """The first half of the columns over the second."""
    half = totals.shape[-1] // 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(totals[..., :half] / totals[..., half:])
