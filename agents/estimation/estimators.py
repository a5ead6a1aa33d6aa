"""Importance-weighted estimators of slates and episodes, as ratios of sums over users.

Notation: r_k the engagement of position k, p and q the target's and the logging policy's chances, n slates.

    slate        w = prod_j p_j / q_j, for all k          any reward (ordinary importance weights)
    cascade      w_k = prod_{j<=k} p_j / q_j              r_k depends on the positions down to k (McInerney et al. 2020)
    independent  w_k = p(item at k) / q(item at k)        r_k depends on position k alone (Li et al. 2018)

    ips     1/n sum sum_k w_k r_k
    snips   sum_k (sum w_k r_k / sum w_k)                 a little biased, of less variance
    dr      1/n sum [ sum_k E_p m_k + sum_k w_k (r_k - m_k) ], m a reward model fitted to other users' rows

An episode is a user's first T slates; the weights of slate t are those above times prod_{s<t} w_s, the slate-wise
weights of the slates before it (per-decision weights, Precup et al. 2000). Kiyohara et al. (2022) compare the three
kinds; obp 0.4.1 has the ips of each (``SlateStandardIPS``, ``SlateRewardInteractionIPS``, ``SlateIndependentIPS``), and
``tests/agents/estimation/test_estimators.py`` holds ours against its numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.logbook.logged_lives import Double

KINDS = ("slate", "cascade", "independent")


@dataclass(frozen=True)
class Chances:
    """Chances of what was shown, under one policy; 1 where nothing was.

    Attributes:
        picks: Of every pick given those above it, (users, steps, slate_size).
        places: Of every item at its position, the same shape; None where not known.
    """

    picks: Double
    places: Double | None


@dataclass(frozen=True)
class Brought:
    """What slates brought, and what a reward model made of them; 0 where nothing was shown.

    Attributes:
        there: Whether there was a slate, bool, (users, steps).
        reward: Engagement by position, (users, steps, slate_size).
        model: The reward model's, of what was shown, the same shape.
        expected: The reward model's mean of the target's own slates, (users, steps).
    """

    there: NDArray[np.bool_]
    reward: Double
    model: Double
    expected: Double


@dataclass(frozen=True)
class Sums:
    """An estimate as a function of sums over users, so that resampling users is a matrix product.

    Attributes:
        kind: One of ``KINDS``.
        estimator: "ips", "snips" or "dr".
        columns: What is added up, (users, columns).
        statistic: Of totals (..., columns), (...,).
    """

    kind: str
    estimator: str
    columns: Double
    statistic: Callable[[Double], Double]


def weights(kind: str, target: Chances, logged: Chances) -> Double | None:
    """Weights w_k of every slate, (users, steps, slate_size); None if the chances that they take are not known."""
    if kind == "independent":
        if target.places is None or logged.places is None:
            return None
        return target.places / logged.places
    ratio = (target.picks / logged.picks).cumprod(axis=2)
    return ratio if kind == "cascade" else np.broadcast_to(ratio[:, :, -1:], ratio.shape)


def before(target: Chances, logged: Chances) -> Double:
    """Product of the slate-wise weights of the slates before each, (users, steps)."""
    whole = (target.picks / logged.picks).prod(axis=2)
    return np.concatenate([np.ones((len(whole), 1)), whole[:, :-1].cumprod(axis=1)], axis=1)


def effective(weight: Double, there: NDArray[np.bool_]) -> float:
    """Effective sample size, (sum w)^2 / sum w^2 (Kish), the least over the last axis; 0 if all weights are."""
    shown = weight[there]  # (n, slate_size)
    squares = np.square(shown).sum(axis=0)
    sizes = np.divide(np.square(shown.sum(axis=0)), squares, out=np.zeros_like(squares), where=squares > 0)
    return float(sizes.min())


def of_slates(kind: str, weight: Double, outcome: Brought) -> Iterator[Sums]:
    """Estimates of the engagement a slate, by ips, snips and dr, where users are as the log found them."""
    there = outcome.there[..., None]
    number = outcome.there.sum(axis=1, dtype=np.float64)  # (users,)
    yield _mean(kind, "ips", (weight * outcome.reward * there).sum(axis=(1, 2)), number)
    yield _self_normalised(kind, (weight * outcome.reward * there).sum(axis=1), (weight * there).sum(axis=1))
    rest = (weight * (outcome.reward - outcome.model) * there).sum(axis=2)
    yield _mean(kind, "dr", ((outcome.expected + rest) * outcome.there).sum(axis=1), number)


def mean_weight(kind: str, weight: Double, there: NDArray[np.bool_]) -> Sums:
    """Mean of the weights of slates that are there: 1, up to chance, where all that the target shows was shown."""
    by_user = (weight.mean(axis=2) * there).sum(axis=1)
    return _mean(kind, "weight", by_user, there.sum(axis=1, dtype=np.float64))


def of_episodes(kind: str, weight: Double, earlier: Double, outcome: Brought) -> Iterator[Sums]:
    """Estimates of the engagement of an episode, all steps of the arrays long, by ips, snips and dr.

    Args:
        kind: Of ``weight``.
        weight: From ``weights``.
        earlier: From ``before``.
        outcome: Of the same steps.
    """
    whole, there = earlier[..., None] * weight, outcome.there[..., None]
    ones = np.ones(len(whole))
    yield _mean(kind, "ips", (whole * outcome.reward * there).sum(axis=(1, 2)), ones)
    flat = (len(whole), -1)
    yield _self_normalised(kind, (whole * outcome.reward * there).reshape(flat), whole.reshape(flat))
    rest = (whole * (outcome.reward - outcome.model) * there).sum(axis=2)
    yield _mean(kind, "dr", ((earlier * outcome.expected + rest) * outcome.there).sum(axis=1), ones)


def _mean(kind: str, estimator: str, value: Double, number: Double) -> Sums:
    """Mean of values (users,) of which each user has ``number``."""
    return Sums(kind, estimator, np.stack([value, number], axis=1), lambda total: total[..., 0] / total[..., 1])


def _self_normalised(kind: str, value: Double, weight: Double) -> Sums:
    """Sum over columns of weighted means; a column without weight adds nothing."""
    size = value.shape[1]

    def statistic(total: Double) -> Double:
        above, below = total[..., :size], total[..., size:]
        return np.divide(above, below, out=np.zeros_like(above), where=below > 0).sum(axis=-1)

    return Sums(kind, "snips", np.concatenate([value, weight], axis=1), statistic)
