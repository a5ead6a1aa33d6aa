"""The episodes table: what it must hold for policies to be compared user by user."""

from __future__ import annotations

import numpy as np
import pandas as pd

from driftrec.agents.evaluation.bootstrap import Values

METRICS = (
    "engagement",
    "sessions",
    "session_minutes",
    "click_rate",
    "churn",
    "slate_diversity",
    "interest_drift",
)
"""Columns of ``episodes`` that are averaged over users and training seeds."""

KEYS = ("policy", "training_seed", "user", "user_seed")
"""Columns that say which policy met which user."""


def user_tables(episodes: pd.DataFrame) -> dict[str, dict[str, Values]]:
    """For each policy and metric an array (training seeds, users), both ascending."""
    return {
        str(policy): {
            metric: rows.pivot(index="training_seed", columns="user", values=metric).to_numpy(np.float64)
            for metric in METRICS
        }
        for policy, rows in episodes.groupby("policy", sort=False)
    }


def training_seeds(episodes: pd.DataFrame, policy: str) -> list[int]:
    """The policy's training seeds, ascending."""
    return sorted(int(seed) for seed in episodes.loc[episodes.policy == policy, "training_seed"].unique())


def check_episodes(episodes: pd.DataFrame) -> None:
    """Refuse a table whose policies cannot be compared user by user.

    Raises:
        ValueError: If a column is missing, a number is not finite, a row is double, a policy lacks users that
            others have, or one user has several seeds.
    """
    missing = [column for column in (*KEYS, *METRICS) if column not in episodes.columns]
    if missing or episodes.empty:
        raise ValueError(f"The episodes table is empty or lacks the columns {missing}.")
    double = episodes[episodes.duplicated(["policy", "training_seed", "user"])]
    if len(double):
        row = double.iloc[0]
        raise ValueError(f"Policy {row.policy!r}, training seed {row.training_seed}, user {row.user}: two rows.")
    everyone = set(episodes.user)
    for (policy, trained), rows in episodes.groupby(["policy", "training_seed"], sort=False):
        absent = sorted(everyone - set(rows.user))
        if absent:
            raise ValueError(
                f"Policy {policy!r}, training seed {trained}, misses {len(absent)} of {len(everyone)} users: "
                f"{', '.join(map(str, absent[:5]))}{', ...' if len(absent) > 5 else ''}. "
                "Evaluate every policy on the same users."
            )
    for metric in METRICS:
        bad = episodes[~np.isfinite(episodes[metric].astype(np.float64))]
        if len(bad):
            row = bad.iloc[0]
            raise ValueError(f"Policy {row.policy!r}, user {row.user}: {metric} is {row[metric]}, not a number.")
    seeds = episodes.astype({"user_seed": str}).groupby("user").user_seed.nunique()
    if (seeds > 1).any():
        raise ValueError(f"User {seeds.idxmax()} has {seeds.max()} different user seeds: policies met different users.")
