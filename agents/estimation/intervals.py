"""Intervals of estimates by resampling users, who are what a log has independent draws of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from driftrec.agents.estimation.estimators import Sums
from driftrec.agents.evaluation.bootstrap import LEVEL, Interval

DRAWS = 1000
"""Resamples."""

AT_ONCE = 2**22
"""Counts held at once: 32 MB."""


def intervals(estimates: Sequence[Sums], seed: int, draws: int = DRAWS, level: float = LEVEL) -> list[Interval]:
    """Estimates with percentile intervals; all share the users drawn.

    Args:
        estimates: Of the same users.
        seed: Of the resampling.
        draws: Resamples.
        level: Confidence level, in (0, 1).
    """
    if not estimates:
        return []
    columns = np.concatenate([one.columns for one in estimates], axis=1)  # (users, all columns)
    ends = np.cumsum([one.columns.shape[1] for one in estimates])[:-1]
    parts = np.split(_resampled(columns, seed, draws), ends, axis=1)
    found = []
    for one, totals in zip(estimates, parts, strict=True):
        mean = float(one.statistic(one.columns.sum(axis=0)))
        low, high = np.quantile(one.statistic(totals), [(1 - level) / 2, (1 + level) / 2])
        found.append(Interval(mean, float(min(low, mean)), float(max(high, mean))))
    return found


def _resampled(columns: np.ndarray, seed: int, draws: int) -> np.ndarray:
    """Totals of every resample, (draws, columns)."""
    users, rng = len(columns), np.random.default_rng(seed)
    totals = np.empty((draws, columns.shape[1]))
    size = max(1, AT_ONCE // users)
    for start in range(0, draws, size):
        some = range(start, min(start + size, draws))
        counts = np.stack([np.bincount(rng.integers(users, size=users), minlength=users) for _ in some])
        totals[start : start + len(some)] = counts.astype(np.float64) @ columns
    return totals
