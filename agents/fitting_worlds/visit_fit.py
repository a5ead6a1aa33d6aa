"""Fitting visits: when sessions end, how long users are away, and whether they are gone for good.

What the place in a session adds to the chance of its end, and the number of a session to that of being gone, is kept
where the log is likelier with it by more than the numbers that it takes (Akaike's criterion).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.utils import gen_batches

from driftrec.agents.fitting_worlds.lives import LoggedUsers
from driftrec.simulators.fitted.parameters import VisitRates, doubling
from driftrec.simulators.vectors import Double

GROUPS = 8
"""Of places in a session and of numbers of sessions: 1, 2 to 3, 4 to 7 and so on."""

RIDGE, SOFT = 1.0, 1e-3
"""Of what places add to the log-odds that sessions end, and of these and what content adds: so many slates' worth."""

FEW = 1.0
"""Churn of a session's number is drawn to that of all as if so many sessions more had been usual."""

CHUNK = 200_000
"""Slates whose columns are held at once."""

ROUNDS = 200
"""Of expectation and maximisation, and at most so many of Newton's."""

SHORTEST = 1e-3
"""Hours; time away is no shorter."""


@dataclass(frozen=True)
class VisitedSlates:
    """The slates of a log as visits see them, user by user in order: arrays (slates,).

    Attributes:
        user: Whose.
        weight: How often it counts.
        last: Whether it is the last of a life.
        ended: Whether it is the last of a session.
        hours: Until the next, 0 for the last.
        content: Engagement a slate in its session up to and with it, over ``usual``, minus 1.
        place: In its session, from 1.
        number: Of its session, from 1.
        usual: Engagement a slate, of all.
    """

    user: NDArray[np.int64]
    weight: Double
    last: NDArray[np.bool_]
    ended: NDArray[np.bool_]
    hours: Double
    content: Double
    place: NDArray[np.int64]
    number: NDArray[np.int64]
    usual: float


def visited_slates(lives: LoggedUsers, weights: Double) -> VisitedSlates:
    """Those of a log whose users count ``weights`` times each, (users,)."""
    heads = lives.heads
    user, session, when = lives.user[heads], lives.session[heads], lives.hours[heads]
    engagement, weight = lives.of_slates(lives.engagement), weights[user]
    last = np.diff(user, append=-1) != 0
    ended = np.append(session[1:] != session[:-1], True) | last
    usual = max(float(np.average(engagement, weights=weight)), SHORTEST)
    begin = np.append(0, np.flatnonzero(ended) + 1)[np.cumsum(ended) - ended.astype(np.int64)]  # of its session
    content = _engagement_so_far(engagement, begin) / usual - 1.0
    number = np.asarray(session - session[np.searchsorted(user, user)] + 1, np.int64)
    place = np.arange(1, len(user) + 1) - begin
    return VisitedSlates(user, weight, last, ended, np.append(np.diff(when), 0.0), content, place, number, usual)


def fit_visits(lives: LoggedUsers, weights: NDArray[np.float64]) -> VisitRates:
    """The most likely visits.

    Args:
        lives: The log.
        weights: How often each user counts, (users,).
    """
    slates = visited_slates(lives, weights)
    last, ended, weight = slates.last, slates.ended, slates.weight
    known = ~last | np.isinf(lives.unseen)[slates.user]  # whether a life's last session was over nobody knows
    place = groups_of_places(slates.place, slates.number)
    end, slope, first_end, later_end = _endings(slates.content[known], place[known], ended[known], weight[known])
    inside = ~ended
    slate = float(np.average(slates.hours[inside], weights=weight[inside])) if weight[inside].sum() else 0.0
    back = ended & ~last
    gaps = np.maximum(slates.hours[back] - slate, SHORTEST)
    group = doubling(slates.number, GROUPS)
    away = _away(gaps, weight[back], lives.unseen, weights, group[back], group[last])
    return VisitRates(end, slope, slates.usual, slate, *away[:4], first_end, later_end, away[4])


def groups_of_places(place: NDArray[np.int64], number: NDArray[np.int64]) -> NDArray[np.int64]:
    """Group of each slate by its place in its session, those of first sessions before all others, (slates,)."""
    return doubling(place, GROUPS) + GROUPS * (number > 1)


def _engagement_so_far(engagement: Double, begin: NDArray[np.int64]) -> Double:
    """Engagement a slate up to and with each slate since the slate at which its session did ``begin``, (slates,)."""
    place = np.arange(1, len(engagement) + 1)
    return np.asarray((np.cumsum(engagement) - np.append(0.0, np.cumsum(engagement))[begin]) / (place - begin))


def _endings(
    content: Double, place: NDArray[np.int64], ended: NDArray[np.bool_], weight: Double
) -> tuple[float, float, tuple[float, ...], tuple[float, ...]]:
    """Log-odds that sessions end, what content adds, and what the place in a first and in a later session adds."""
    none = np.zeros(len(place), np.int64)
    (end, slope, *_), plain = _logistic(content, none, 0, ended, weight)
    (bent_end, bent_slope, *shape), shaped = _logistic(content, place, 2 * GROUPS, ended, weight)
    used = len(np.unique(place))
    if shaped - plain <= used:
        return end, slope, (), ()
    return bent_end, bent_slope, tuple(shape[:GROUPS]), tuple(shape[GROUPS:])


def _logistic(
    content: Double, place: NDArray[np.int64], places: int, ended: NDArray[np.bool_], weight: Double
) -> tuple[list[float], float]:
    """Intercept, slope and what each place adds to the log-odds of ``ended``, by Newton's method; log-likelihood.

    A ridge holds the places, so that what all share is the intercept's.
    """
    ridge = np.append(np.full(2, SOFT), np.full(places, RIDGE))
    found = np.zeros(2 + places)
    for _ in range(ROUNDS):
        slope, curve = -ridge * found, np.diag(ridge)
        for rows in gen_batches(len(content), CHUNK):
            columns = _columns(content[rows], place[rows], places)
            chance = _chance(columns @ found)
            slope += columns.T @ (weight[rows] * (ended[rows] - chance))
            curve += (columns * (weight[rows] * chance * (1 - chance))[:, None]).T @ columns
        step = np.linalg.solve(curve, slope)
        found += np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    likelihood = 0.0
    for rows in gen_batches(len(content), CHUNK):
        chance = _chance(_columns(content[rows], place[rows], places) @ found)
        likelihood += float(weight[rows] @ np.log(np.where(ended[rows], chance, 1 - chance)))
    return found.tolist(), likelihood


def _columns(content: Double, place: NDArray[np.int64], places: int) -> Double:
    """A one, the content, and a one in the column of the place."""
    ones = np.eye(places)[place] if places else np.empty((len(content), 0))
    return np.column_stack([np.ones(len(content)), content, ones])


def _chance(odds: Double) -> Double:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -30, 30))))


def _away(
    gaps: Double,
    weight: Double,
    unseen: Double,
    users: Double,
    group: NDArray[np.int64],
    last: NDArray[np.int64],
) -> tuple[float, float, float, float, tuple[float, ...]]:
    """Both means, the share of the first, churn, and what a session's number adds to it.

    Args:
        gaps: Hours away of all who came back, (returns,).
        weight: How often each counts.
        unseen: See ``LoggedUsers``, (users,).
        users: How often each user counts.
        group: Of the number of the session before each return.
        last: Of the number of every user's last session, (users,).
    """
    *found, plain = _mixture(gaps, weight, unseen, users, 0 * group, 0 * last)
    *bent, shaped = _mixture(gaps, weight, unseen, users, group, last)
    mean, share, churn = found[:3]
    first, second = np.argsort(mean)
    told = (float(mean[first]), float(mean[second]), float(share[first]), float(churn[0]))
    used = np.unique(np.concatenate([group, last]))
    if shaped - plain <= len(used) - 1 or not 0 < churn[0] < 1:
        return *told, ()
    mean, share, by_group = bent[:3]
    first, second = np.argsort(mean)
    odds = [float(np.clip(logit(each) - logit(churn[0]), -10, 10)) for each in by_group]
    return float(mean[first]), float(mean[second]), float(share[first]), float(churn[0]), tuple(odds)


def _mixture(
    gaps: Double,
    weight: Double,
    unseen: Double,
    users: Double,
    group: NDArray[np.int64],
    last: NDArray[np.int64],
) -> tuple[Double, Double, Double, float]:
    """Both means, their shares, churn by group, and the log-likelihood, by expectation and maximisation.

    A return after g hours has the density (1 - churn) * sum_h share_h exp(-g / mean_h) / mean_h. A user who was not
    seen for c hours is gone, churn, or still away, (1 - churn) * sum_h share_h exp(-c / mean_h). Whoever was not
    observed for any time says nothing.
    """
    watched = unseen > 0
    silent, silent_weight, last = unseen[watched], users[watched], last[watched]
    groups = int(max(group.max(initial=0), last.max(initial=0))) + 1
    middle = float(np.average(gaps, weights=weight)) if weight.sum() else 24.0
    mean, share, churn = np.array([0.2, 2.0]) * middle, np.array([0.5, 0.5]), np.full(groups, 0.05)
    back = np.bincount(group, weight, groups)
    likelihood = 0.0
    for _ in range(ROUNDS):
        of_gap = share * np.exp(-gaps[:, None] / mean) / mean
        density = np.maximum(of_gap.sum(axis=1, keepdims=True), 1e-300)
        of_gap = weight[:, None] * of_gap / density
        stays = (1 - churn[last])[:, None] * share * np.exp(-silent[:, None] / mean)
        unseen_chance = np.maximum(churn[last][:, None] + stays.sum(axis=1, keepdims=True), 1e-300)
        likelihood = float(weight @ (np.log(density[:, 0]) + np.log(np.maximum(1 - churn[group], 1e-300))))
        likelihood += float(silent_weight @ np.log(unseen_chance[:, 0]))
        stays *= silent_weight[:, None] / unseen_chance
        held = of_gap.sum(axis=0) + stays.sum(axis=0)  # those still away, of each habit
        waited = (of_gap * gaps[:, None]).sum(axis=0)
        waited += (stays * (np.where(np.isinf(silent), 0.0, silent)[:, None] + mean)).sum(axis=0)
        if held.sum() == 0:
            break
        away = np.bincount(last, stays.sum(axis=1), groups)
        lost = np.bincount(last, silent_weight, groups) - away
        churn = np.clip((lost + FEW * lost.sum() / (lost.sum() + held.sum())) / (lost + back + away + FEW), 0.0, 1.0)
        mean, share = np.maximum(waited / np.maximum(held, 1e-9), SHORTEST), held / held.sum()
    return mean, share, churn, likelihood
