"""The episodes table: what it must hold for policies to be compared user by user, and who the users are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.evaluation.bootstrap import Values
from driftrec.simulators.world import World

PERSONA = "persona"
DISTANCE = "persona_distance"


def persona_columns(world: World[Any], state: Any) -> pd.DataFrame:
    """Columns of the episodes table, one row a user, empty in a world without personas.

    ``persona`` is the row of the world's personas, ``persona_distance`` what ``distances`` says of it.
    """
    if world.personas is None:
        return pd.DataFrame(columns=[PERSONA, DISTANCE]).astype({PERSONA: "Int64", DISTANCE: np.float64})
    row = world.observe(state)["persona"][:, 0].astype(np.int64)
    return pd.DataFrame({PERSONA: pd.array(row, dtype="Int64"), DISTANCE: distances(world.personas.interest)[row]})


def distances(interest: NDArray[np.float32]) -> NDArray[np.float64]:
    """1 - cosine between every persona's hidden interest and the mean of all, (personas,), in [0, 2].

    NaN where the mean of ``interest`` (personas, dims) has no direction: personas that are each other's opposites.
    """
    rows = interest.astype(np.float64)
    mean = rows.mean(axis=0)
    length = np.linalg.norm(mean)
    if length < 1e-9:
        return np.full(len(rows), np.nan)
    return 1.0 - rows @ mean / (length * np.linalg.norm(rows, axis=1))


OPTIONAL = ("slate_diversity", "interest_drift")
"""Those of ``METRICS`` that some worlds do not have; all their rows are NaN then."""

METRICS = ("engagement", "sessions", "session_engagement", "click_rate", "churn", *OPTIONAL)
"""Columns of ``episodes`` that are averaged over users and training seeds."""

KEYS = ("policy", "training_seed", "user", "user_seed")
"""Columns that say which policy met which user; the training seed is empty (NA) where nothing was trained."""


def user_tables(episodes: pd.DataFrame) -> dict[str, dict[str, Values]]:
    """For each policy and metric an array (training seeds, users), both ascending; one row if nothing was trained."""
    return {
        str(policy): {metric: _table(rows, metric) for metric in METRICS}
        for policy, rows in episodes.groupby("policy", sort=False)
    }


def _table(rows: pd.DataFrame, metric: str) -> Values:
    """One policy's ``metric``, (training seeds, users)."""
    by_seed = rows.sort_values("user").groupby("training_seed", dropna=False)
    return np.stack([part[metric].to_numpy(np.float64) for _, part in by_seed])


def training_seeds(episodes: pd.DataFrame, policy: str) -> list[int]:
    """The policy's training seeds, ascending; none where nothing was trained."""
    return sorted(int(seed) for seed in episodes.loc[episodes.policy == policy, "training_seed"].dropna().unique())


def check_episodes(episodes: pd.DataFrame) -> None:
    """Refuse a table whose policies cannot be compared user by user.

    Raises:
        ValueError: If a column is missing, a number is not finite (but for ``OPTIONAL`` columns that are NaN
            throughout), a row is double, a policy lacks users that others have, or one user has several seeds or
            personas.
    """
    missing = [column for column in (*KEYS, *METRICS) if column not in episodes.columns]
    if missing or episodes.empty:
        raise ValueError(f"The episodes table is empty or lacks the columns {missing}.")
    double = episodes[episodes.duplicated(["policy", "training_seed", "user"])]
    if len(double):
        row = double.iloc[0]
        raise ValueError(f"{_whose(row.policy, row.training_seed)}, user {row.user}: two rows.")
    everyone = set(episodes.user)
    for (policy, trained), rows in episodes.groupby(["policy", "training_seed"], sort=False, dropna=False):
        absent = sorted(everyone - set(rows.user))
        if absent:
            raise ValueError(
                f"{_whose(policy, trained)}, misses {len(absent)} of {len(everyone)} users: "
                f"{', '.join(map(str, absent[:5]))}{', ...' if len(absent) > 5 else ''}. "
                "Evaluate every policy on the same users."
            )
    for metric in METRICS:
        if metric in OPTIONAL and episodes[metric].isna().all():
            continue
        bad = episodes[~np.isfinite(episodes[metric].astype(np.float64))]
        if len(bad):
            row = bad.iloc[0]
            raise ValueError(f"Policy {row.policy!r}, user {row.user}: {metric} is {row[metric]}, not a number.")
    _check_one_each(episodes, "user_seed", "user seeds")
    if PERSONA in episodes.columns:
        _check_one_each(episodes, PERSONA, "personas")


def _check_one_each(episodes: pd.DataFrame, column: str, words: str) -> None:
    """ValueError if one user has several values of ``column``; none is one too."""
    values = episodes.astype({column: str}).groupby("user")[column].nunique(dropna=False)
    if (values > 1).any():
        raise ValueError(f"User {values.idxmax()} has {values.max()} different {words}: policies met different users.")


def _whose(policy: object, trained: object) -> str:
    """A policy and its training seed, in words."""
    return f"Policy {policy!r}" + ("" if pd.isna(trained) else f", training seed {trained}")  # type: ignore[call-overload]
