"""Fitting visits: when sessions end, how long users are away, and whether they are gone for good."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.fitting_worlds.lives import LoggedUsers
from driftrec.simulators.fitted.parameters import VisitRates
from driftrec.simulators.vectors import Double

RIDGE = 1.0
"""Of the log-odds that sessions end: as much as so many slates say."""

ROUNDS = 200
"""Of expectation and maximisation, and at most so many of Newton's."""

SHORTEST = 1e-3
"""Hours; time away is no shorter."""


def fit_visits(lives: LoggedUsers, weights: NDArray[np.float64]) -> VisitRates:
    """The most likely visits.

    Args:
        lives: The log.
        weights: How often each user counts, (users,).
    """
    user, session, when = (values[lives.heads] for values in (lives.user, lives.session, lives.hours))
    engagement = lives.of_slates(lives.engagement)
    last = np.diff(user, append=-1) != 0  # of a life
    ended = np.append(session[1:] != session[:-1], True) | last
    hours = np.append(np.diff(when), 0.0)
    weight = weights[user]
    usual = max(float(np.average(engagement, weights=weight)), SHORTEST)
    content = _engagement_so_far(engagement, ended) / usual - 1.0
    known = ~last | np.isinf(lives.unseen)[user]  # whether a life's last session was over nobody knows
    end, slope = _logistic(content[known], ended[known], weight[known])
    inside = ~ended
    slate = float(np.average(hours[inside], weights=weight[inside])) if weight[inside].sum() else 0.0
    back = ended & ~last
    gaps = np.maximum(hours[back] - slate, SHORTEST)
    short, long, share, churn = _away(gaps, weight[back], lives.unseen, weights)
    return VisitRates(end, slope, usual, slate, short, long, share, churn)


def _engagement_so_far(engagement: Double, ended: NDArray[np.bool_]) -> Double:
    """Engagement a slate in the session up to and with each slate, (slates,)."""
    total, place = np.cumsum(engagement), np.arange(1, len(ended) + 1)
    before: NDArray[np.int64] = np.cumsum(ended) - ended.astype(np.int64)  # sessions that are over
    begin = np.append(0, np.flatnonzero(ended) + 1)[before]
    return (total - np.append(0.0, total)[begin]) / (place - begin)


def _logistic(content: Double, ended: NDArray[np.bool_], weight: Double) -> tuple[float, float]:
    """Intercept and slope of the log-odds of ``ended``, by Newton's method with a small ridge."""
    columns = np.column_stack([np.ones(len(content)), content])
    found = np.zeros(2)
    for _ in range(ROUNDS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(columns @ found, -30, 30)))
        slope = columns.T @ (weight * (ended - chance)) - RIDGE * found
        curve = (columns * (weight * chance * (1 - chance))[:, None]).T @ columns + RIDGE * np.eye(2)
        step = np.linalg.solve(curve, slope)
        found += np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    return float(found[0]), float(found[1])


def _away(gaps: Double, weight: Double, unseen: Double, users: Double) -> tuple[float, float, float, float]:
    """Both means, the share of the first, and churn, by expectation and maximisation.

    A return after g hours has the density (1 - churn) * sum_h share_h exp(-g / mean_h) / mean_h. A user who was not
    seen for c hours is gone, churn, or still away, (1 - churn) * sum_h share_h exp(-c / mean_h). Whoever was not
    observed for any time says nothing.
    """
    watched = unseen > 0
    silent, silent_weight = unseen[watched], users[watched]
    middle = float(np.average(gaps, weights=weight)) if weight.sum() else 24.0
    mean, share, churn = np.array([0.2, 2.0]) * middle, np.array([0.5, 0.5]), 0.05
    for _ in range(ROUNDS):
        of_gap = share * np.exp(-gaps[:, None] / mean) / mean
        of_gap = weight[:, None] * of_gap / np.maximum(of_gap.sum(axis=1, keepdims=True), 1e-300)
        stays = (1 - churn) * share * np.exp(-silent[:, None] / mean)
        stays /= np.maximum(churn + stays.sum(axis=1, keepdims=True), 1e-300)
        stays *= silent_weight[:, None]
        held = of_gap.sum(axis=0) + stays.sum(axis=0)  # those still away, of each habit
        waited = (of_gap * gaps[:, None]).sum(axis=0)
        waited += (stays * (np.where(np.isinf(silent), 0.0, silent)[:, None] + mean)).sum(axis=0)
        if held.sum() == 0:
            break
        lost = silent_weight.sum() - stays.sum()
        churn = float(np.clip(lost / (lost + held.sum()), 0.0, 1.0))
        mean, share = np.maximum(waited / np.maximum(held, 1e-9), SHORTEST), held / held.sum()
    first, second = np.argsort(mean)
    return float(mean[first]), float(mean[second]), float(share[first]), churn
