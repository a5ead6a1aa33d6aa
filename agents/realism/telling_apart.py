"""A classifier that tries to tell simulated sessions from real ones: 0.5 is a world that it cannot tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from driftrec.agents.realism.visits_table import Sessions
from driftrec.simulators.vectors import Double

FOLDS = 5
"""Groups of users; sessions of each are judged by what was learned of the others'."""

DRAWS = 200
"""Resamples of users."""

LOOKED_AT = (
    "number of the session",
    "slates in it",
    "hours away before it",
    "openings a slate",
    "engagement an opening",
    "entropy of its topics",
    "similarity within it",
    "similarity to the one before",
    "repeats in it",
    "popularity of what was opened",
)
"""What it is told of a session."""


@dataclass(frozen=True)
class ToldApart:
    """What came of it.

    Attributes:
        auc: Chance that a simulated session is taken for simulated sooner than a real one.
        low: Lower end of its 95 % interval over users.
        high: Upper end.
        looked_at: What the AUC loses when one thing that it is told is put in random order, the most first.
    """

    auc: float
    low: float
    high: float
    looked_at: dict[str, float]


def told_apart(real: Sessions, simulated: Sessions, seed: int) -> ToldApart:
    """Learn to tell two sets of sessions of the same users apart.

    Args:
        real: Of the log.
        simulated: Of a world.
        seed: Source of the classifier's draws and of the resampling.
    """
    told = np.concatenate([_told(real), _told(simulated)])
    user = np.concatenate([real.user, simulated.user])
    label = np.repeat([0, 1], [len(real.user), len(simulated.user)])
    rng = np.random.default_rng(seed)
    users = int(user.max()) + 1
    fold = rng.permutation(np.arange(users) % FOLDS)[user]
    score, blind = np.zeros(len(label)), np.zeros((len(LOOKED_AT), len(label)))
    for number in range(FOLDS):
        test = np.flatnonzero(fold == number)
        judge = HistGradientBoostingClassifier(max_iter=60, random_state=seed)
        learn = fold != number
        seen = np.where(np.isnan(told[learn]).all(axis=0), 0.0, told)  # the judge refuses what is never told
        judge.fit(seen[learn], label[learn])
        score[test] = judge.predict_proba(seen[test])[:, 1]
        for column in range(len(LOOKED_AT)):
            mixed = seen[test]
            mixed[:, column] = rng.permutation(mixed[:, column])
            blind[column, test] = judge.predict_proba(mixed)[:, 1]
    auc = float(roc_auc_score(label, score))
    lost = [auc - float(roc_auc_score(label, each)) for each in blind]
    order = np.argsort(lost)[::-1]
    low, high = _interval(label, score, user, users, rng)
    return ToldApart(auc, low, high, {LOOKED_AT[place]: lost[place] for place in order})


def _told(sessions: Sessions) -> Double:
    """Numbers of every session, (sessions, numbers); NaN where there is nothing to tell."""
    user = sessions.user
    number = np.arange(len(user)) - np.searchsorted(user, user)
    before = np.full(len(user), np.nan)
    same = (user[1:] == user[:-1]) & (sessions.opened[1:] > 0) & (sessions.opened[:-1] > 0)
    before[1:][same] = (sessions.middle[1:] * sessions.middle[:-1]).sum(axis=1)[same]
    rate = sessions.opened / sessions.slates
    columns = (number, sessions.slates, sessions.away, rate, sessions.engagement, sessions.topics, sessions.alike)
    return np.column_stack([*columns, before, sessions.again, sessions.popular]).astype(np.float64)


def _interval(
    label: NDArray[np.int64], score: Double, user: NDArray[np.int64], users: int, rng: np.random.Generator
) -> tuple[float, float]:
    """95 % percentile interval, users resampled whole with all their sessions."""
    found = []
    for _ in range(DRAWS):
        weight = np.bincount(rng.integers(users, size=users), minlength=users)[user]
        found.append(roc_auc_score(label, score, sample_weight=weight))
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)
