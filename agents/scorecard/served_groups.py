"""Whom personalisation serves: all users, the worst served tenth, those far from the average, those of a persona."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.evaluation.bootstrap import Values, interval, paired_interval
from driftrec.agents.evaluation.episodes import persona_columns
from driftrec.agents.evaluation.groups import largest_personas, quarters_by_distance, tenth_percentile
from driftrec.agents.setup import Setup

ALL, TENTH, FAR = "all users", "tenth percentile", "distance"


def groups_served(
    own: Values, other: Values, setup: Setup, seeds: NDArray[np.uint64], seed: int
) -> list[dict[str, Any]]:
    """A row a group: engagement by themselves, taken for others, and the difference in pairs, each with its interval.

    The tenth percentile has no difference: its users are others in either case.

    Args:
        own: Engagement of users served as who they are, (training seeds, users).
        other: The same of users who are taken for one another.
        setup: World.
        seeds: Of the users.
        seed: Of the resampling.
    """
    world = setup.world
    who = persona_columns(world, world.reset(seeds)).reindex(range(len(seeds)))
    who = who.assign(user=np.arange(len(seeds)))
    far = {f"{FAR} {name}": users for name, users in quarters_by_distance(who).items()}
    groups = {ALL: who.user.tolist(), **far, **largest_personas(who)}
    rows = [_row(name, own[:, users], other[:, users], seed) for name, users in groups.items()]
    ends = {"own": tenth_percentile(own, seed=seed), "other": tenth_percentile(other, seed=seed)}
    tenth = {"group": TENTH, "users": len(seeds), **{name: asdict(found) for name, found in ends.items()}, "more": None}
    return [rows[0], tenth, *rows[1:]]


def worse_off(rows: list[dict[str, Any]]) -> list[str]:
    """Groups that are clearly worse off by being known: whose interval lies below 0."""
    return [str(row["group"]) for row in rows if row["more"] is not None and row["more"]["high"] < 0]


def _row(name: str, own: Values, other: Values, seed: int) -> dict[str, Any]:
    told = {"own": interval(own, seed=seed), "other": interval(other, seed=seed)}
    told["more"] = paired_interval(own, other, seed=seed)
    return {"group": name, "users": own.shape[1], **{key: asdict(found) for key, found in told.items()}}


def groups_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows as strings, for a table."""

    def cell(found: dict[str, float] | None) -> str:
        return "" if found is None else f"{found['mean']:.1f} [{found['low']:.1f}, {found['high']:.1f}]"

    return pd.DataFrame(
        {
            "group": [row["group"] for row in rows],
            "users": [f"{row['users']:,}" for row in rows],
            "as who they are": [cell(row["own"]) for row in rows],
            "taken for others": [cell(row["other"]) for row in rows],
            "difference": [cell(row["more"]) for row in rows],
        }
    )
