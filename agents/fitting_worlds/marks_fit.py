"""Fitting marks: what items that were opened do to a session's end, to the time away and to being gone for good.

How often users come hangs on what they were shown, and not on minutes alone: clickbait is opened and regretted. What an
item does is told by its traits, in regressions on the traits of what was opened, added up and fading; each is kept
where the log is likelier with it by more than the numbers that it takes (Akaike's criterion).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.utils import gen_batches

from driftrec.agents.fitting_worlds.lives import NOTHING, LoggedUsers
from driftrec.agents.fitting_worlds.visit_fit import (
    CHUNK,
    RIDGE,
    ROUNDS,
    SHORTEST,
    VisitedSlates,
    groups_of_places,
    visited_slates,
)
from driftrec.simulators.fitted.parameters import Marks, VisitRates, doubling
from driftrec.simulators.vectors import Double, Float

HALF_LIVES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Slates in which what was taken along halves, from the shortest to the longest: the likeliest lies about one."""

FLAT = 1e-9
"""A column of less deviation says nothing, and is held by the ridge."""

SOFT_ROUNDS = 5
"""Of expectation and maximisation, for chances of what is not seen: by which habit a user was away, who is gone."""


@dataclass(frozen=True)
class _Moved:
    """What moves one chance.

    Attributes:
        level: Added to its log-odds.
        slopes: Of what else is in the regression, and behind them those of the traits.
        gain: In log-likelihood, on the chance without.
        before: That log-likelihood, of the regression's own targets: of what is seen, as a session's end, the log's.
    """

    level: float
    slopes: Double
    gain: float
    before: float = 0.0


def fit_marks(
    lives: LoggedUsers, weights: Double, visits: VisitRates, traits: Double
) -> tuple[VisitRates, Float | None, Marks]:
    """The most likely marks, None where none is worth its numbers, and visits with levels that go with them.

    Marks add up within a session. Fitted before them, places have taken some of what is the marks' and content's, so
    they stay only where with both the log is likelier by more than the places' numbers.

    Args:
        lives: The log.
        weights: How often each user counts, (users,).
        visits: As fitted without.
        traits: Of every item, (items, traits).
    """
    slates = visited_slates(lives, weights)
    left = _left(lives, slates, traits)
    usual, many = np.average(left, weights=slates.weight, axis=0), traits.shape[1]
    half_life, found = _likeliest(lives, slates, visits, left - usual)
    if visits.first_end:
        bare = replace(visits, first_end=(), later_end=())
        again = _likeliest(lives, slates, bare, left - usual)
        used = len(np.unique(groups_of_places(slates.place, slates.number)))
        if _log_likelihood(found) - _log_likelihood(again[1]) <= used and again[1][0].gain > many + 1:
            visits, (half_life, found) = bare, again
    end, short, churn = (each if each.gain > many + 1 else _Moved(0.0, 0.0 * each.slopes, 0.0) for each in found)
    slopes = np.column_stack([end.slopes[1:], short.slopes, churn.slopes])
    if not slopes.any():
        return visits, None, Marks()
    moved = replace(
        visits,
        end=visits.end + end.level,
        content=visits.content + float(end.slopes[0]),
        short_share=_shifted(visits.short_share, short.level),
        churn=_shifted(visits.churn, churn.level),
    )
    return moved, (traits @ slopes).astype(np.float32), Marks(half_life, tuple((usual @ slopes).tolist()))


def _all_moved(
    lives: LoggedUsers, slates: VisitedSlates, visits: VisitRates, left: Double, half_life: float
) -> tuple[_Moved, _Moved, _Moved]:
    """What moves the three chances, by traits that are ``left`` (slates, traits) and halve in so many slates."""
    taken = _faded(left, slates.user, half_life)
    return (
        _end(lives, slates, visits, taken),
        _short(slates, visits, taken),
        _churn(lives, slates, visits, taken),
    )


def _likeliest(
    lives: LoggedUsers, slates: VisitedSlates, visits: VisitRates, left: Double
) -> tuple[float, tuple[_Moved, _Moved, _Moved]]:
    """The half-life with which the log is likeliest, and what moves the three chances with it."""
    gains = [_log_likelihood(_all_moved(lives, slates, visits, left, tried)) for tried in HALF_LIVES]
    half_life = _peak(gains)
    return half_life, _all_moved(lives, slates, visits, left, half_life)


def _log_likelihood(found: tuple[_Moved, ...]) -> float:
    """Of sessions' ends, the first of ``found``, and what the others gain."""
    return found[0].before + sum(each.gain for each in found)


def _peak(gains: Sequence[float]) -> float:
    """The likeliest half-life, by a parabola through the best of ``HALF_LIVES`` and those beside it."""
    best = int(np.argmax(gains))
    if best in (0, len(gains) - 1):
        return HALF_LIVES[best]
    before, most, after = gains[best - 1 : best + 2]
    bend = 2.0 * most - before - after
    return HALF_LIVES[best] * 2.0 ** (0.5 * (after - before) / bend if bend > 0 else 0.0)


def _left(lives: LoggedUsers, slates: VisitedSlates, traits: Double) -> Double:
    """Traits of what was opened in every slate, added up, (slates, traits)."""
    opened = lives.opened
    rows = traits[opened] * (opened != NOTHING)[:, None]
    return np.asarray(np.add.reduceat(rows, lives.heads, axis=0))


def _faded(left: Double, user: NDArray[np.int64], half_life: float) -> Double:
    """Sums over each user's slates so far, which halve in so many slates."""
    keep = 2.0 ** (-1.0 / half_life)
    place = np.arange(len(user)) - np.searchsorted(user, user)
    order = np.argsort(place, kind="stable")
    first = np.searchsorted(place[order], np.arange(place.max() + 2))
    sums = left.copy()
    for step in range(1, place.max() + 1):
        rows = order[first[step] : first[step + 1]]
        sums[rows] += keep * sums[rows - 1]
    return sums


def _end(lives: LoggedUsers, slates: VisitedSlates, visits: VisitRates, taken: Double) -> _Moved:
    """What moves the chance of a session's end, beside content, which is fitted anew with it."""
    rows = ~slates.last | np.isinf(lives.unseen)[slates.user]
    first, later = (_by_count(shape, slates.place) for shape in (visits.first_end, visits.later_end))
    odds = visits.end + visits.content * slates.content + np.where(slates.number == 1, first, later)
    columns = np.column_stack([slates.content, taken])[rows]
    return _regressed(columns, slates.ended[rows].astype(float), slates.weight[rows], odds[rows])


def _churn(lives: LoggedUsers, slates: VisitedSlates, visits: VisitRates, taken: Double) -> _Moved:
    """What moves the chance of being gone; who was not seen for long is gone with the chance that follows from it."""
    watched = lives.unseen[slates.user]
    rows = slates.ended & (~slates.last | (watched > 0))
    silent = np.where(slates.last, watched, 0.0)[rows]
    mean, share = (
        np.array([visits.short_hours, visits.long_hours]),
        np.array([visits.short_share, 1 - visits.short_share]),
    )
    away = np.exp(-silent[:, None] / mean) @ share
    odds = _log_odds(visits.churn) + _by_count(visits.churn_by_session, slates.number[rows])
    found = _Moved(0.0, np.zeros(taken.shape[1]), 0.0)
    for _ in range(SOFT_ROUNDS):
        chance = expit(odds + found.level + taken[rows] @ found.slopes)
        gone = np.where(slates.last[rows], chance / np.maximum(chance + (1 - chance) * away, 1e-300), 0.0)
        found = _regressed(taken[rows], gone, slates.weight[rows], odds)
        if np.isin(gone, (0.0, 1.0)).all():
            break
    return found


def _short(slates: VisitedSlates, visits: VisitRates, taken: Double) -> _Moved:
    """What moves the chance of being away by the first habit, told by the hours."""
    rows = slates.ended & ~slates.last
    gaps = np.maximum(slates.hours[rows] - visits.slate_hours, SHORTEST)
    short, long = (np.exp(-gaps / mean) / mean for mean in (visits.short_hours, visits.long_hours))
    weight, odds = slates.weight[rows], np.full(len(gaps), _log_odds(visits.short_share))

    def likelihood(chance: Double) -> float:
        return float(weight @ np.log(np.maximum(chance * short + (1 - chance) * long, 1e-300)))

    found, before = _Moved(0.0, np.zeros(taken.shape[1]), 0.0), likelihood(expit(odds))
    for _ in range(SOFT_ROUNDS):
        chance = expit(odds + found.level + taken[rows] @ found.slopes)
        mine = chance * short / np.maximum(chance * short + (1 - chance) * long, 1e-300)
        found = _regressed(taken[rows], mine, weight, odds)
    after = likelihood(expit(odds + found.level + taken[rows] @ found.slopes))
    return replace(found, gain=after - before)


def _regressed(columns: Double, target: Double, weight: Double, odds: Double) -> _Moved:
    """Logistic regression of ``target`` in [0, 1] on ``columns`` beside known ``odds``, by Newton's method."""
    scale = columns.std(axis=0) if len(columns) else np.zeros(columns.shape[1])
    scale[scale < FLAT] = 1.0
    whole = np.column_stack([np.ones(len(columns)), columns / scale])
    ridge, found = np.append(0.0, np.full(columns.shape[1], RIDGE)), np.zeros(whole.shape[1])
    if not weight.sum():
        return _Moved(0.0, found[1:], 0.0)
    for _ in range(ROUNDS):
        slope, curve = -ridge * found, np.diag(ridge + 1e-6)
        for rows in gen_batches(len(whole), CHUNK):
            chance = expit(odds[rows] + whole[rows] @ found)
            slope += whole[rows].T @ (weight[rows] * (target[rows] - chance))
            curve += (whole[rows] * (weight[rows] * chance * (1 - chance))[:, None]).T @ whole[rows]
        step = np.linalg.solve(curve, slope)
        found += np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-7:
            break
    before = _likelihood(target, weight, odds)
    gain = _likelihood(target, weight, odds + whole @ found) - before
    return _Moved(float(found[0]), found[1:] / scale, gain, before)


def _likelihood(target: Double, weight: Double, odds: Double) -> float:
    """Log-likelihood of ``target`` in [0, 1] at log-odds ``odds``."""
    return float(weight @ (target * odds - np.logaddexp(0.0, odds)))


def _by_count(shape: tuple[float, ...], counts: NDArray[np.int64]) -> Double:
    """What ``shape`` adds at each count; 0 where it is empty."""
    return np.array(shape)[doubling(counts, len(shape))] if shape else np.zeros(len(counts))


def _log_odds(chance: float) -> float:
    return float(logit(np.clip(chance, 1e-9, 1 - 1e-9)))


def _shifted(chance: float, by: float) -> float:
    """``chance`` with its log-odds moved; what is sure stays sure."""
    return chance if chance in (0.0, 1.0) else float(expit(_log_odds(chance) + by))
