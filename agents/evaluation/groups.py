"""Whom a policy serves well: the worst served tenth, users of a kind, users far from the average."""

from __future__ import annotations

import numpy as np
import pandas as pd

from driftrec.agents.evaluation.bootstrap import (
    LEVEL,
    Interval,
    Values,
    interval,
    percentiles,
    seed_rng,
    seed_weights,
    user_counts,
)
from driftrec.agents.evaluation.episodes import DISTANCE, PERSONA, user_tables

TENTH = 0.1
"""Share of users whose engagement lies below the tenth percentile."""

QUARTERS = 4
MOST_PERSONAS = 8
FEWEST_USERS = 5
"""Users of a persona, and of a quarter, below which a mean says nothing."""

RESAMPLES_OF_TENTH = 500


def tenth_percentile(engagement: Values, *, seed: int, resamples: int = RESAMPLES_OF_TENTH) -> Interval:
    """What nine in ten users have more of than, averaged over training seeds, with its interval.

    Args:
        engagement: One number a training seed and user, (seeds, users).
        seed: Seed of the resampling; users are drawn as in ``bootstrap.interval``.
        resamples: Number of resamples.
    """
    order = np.argsort(engagement, axis=1)
    counts = user_counts(engagement.shape[1], resamples, seed)
    tenths = [_drawn_tenth(one[rank], counts[:, rank]) for one, rank in zip(engagement, order, strict=True)]
    weights = seed_weights(seed_rng(seed, 0), len(engagement), resamples)
    draws = np.einsum("sr,rs->r", np.stack(tenths), weights)
    found = np.quantile(engagement, TENTH, axis=1, method="inverted_cdf").mean()
    return percentiles(float(found), draws, LEVEL)


def _drawn_tenth(ascending: Values, counts: np.ndarray[tuple[int, ...], np.dtype[np.uint16]]) -> Values:
    """The tenth percentile of every resample, (resamples,), from counts (resamples, users) in the values' order."""
    below = np.cumsum(counts, axis=1, dtype=np.int64)
    return ascending[(below >= TENTH * below[:, -1:]).argmax(axis=1)]


def quarters_by_distance(episodes: pd.DataFrame) -> dict[str, list[int]]:
    """Users by how far their persona's interest is from the average, nearest quarter first; {} where it has none.

    Personas at one distance stay together, so quarters may differ in size. Fewer than ``QUARTERS`` where a quarter
    would hold fewer than ``FEWEST_USERS``.
    """
    if DISTANCE not in episodes.columns or episodes[DISTANCE].isna().any():
        return {}
    whose = episodes.drop_duplicates("user").set_index("user")[DISTANCE].astype(np.float64)
    parts = min(QUARTERS, len(whose) // FEWEST_USERS, whose.nunique())
    if parts < 2:
        return {}
    cut = pd.qcut(whose, parts, duplicates="drop")
    groups = [members for _, members in whose.groupby(cut, observed=True)]
    return {f"{one.min():.2f} to {one.max():.2f}": one.index.tolist() for one in groups}


def largest_personas(episodes: pd.DataFrame) -> dict[str, list[int]]:
    """Users of the ``MOST_PERSONAS`` commonest personas that have ``FEWEST_USERS`` or more; {} in a world without."""
    if PERSONA not in episodes.columns or episodes[PERSONA].isna().all():
        return {}
    whose = episodes.drop_duplicates("user").set_index("user")[PERSONA]
    sizes = whose.value_counts()
    large = sizes[sizes >= FEWEST_USERS].index[:MOST_PERSONAS]
    return {f"persona {int(persona)}": whose.index[whose == persona].tolist() for persona in large}


def engagement_of(episodes: pd.DataFrame, users: list[int], seed: int) -> dict[str, Interval]:
    """Mean engagement of these users under every policy, with its interval."""
    tables = user_tables(episodes[episodes.user.isin(users)])
    return {policy: interval(table["engagement"], seed=seed) for policy, table in tables.items()}
