"""What the rounds came to, as tables: one row a round and arm; arms over all rounds; recovery after shocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from driftrec.agents.evaluation.bootstrap import interval, paired_interval
from driftrec.agents.evaluation.tables import read_table, write_table
from driftrec.agents.rounds.arms import Arm
from driftrec.agents.rounds.folder import MADE, SERVED, RoundsFolder, naming_damage, write_json
from driftrec.agents.rounds.plan import Deployment
from driftrec.simulators.files import parsed_object
from driftrec.simulators.vectors import Double

ROUNDS, VERSIONS, SUMMARY = "rounds.csv", "versions.csv", "summary.json"
PART = 0.95
"""Of the engagement before a shock, to be regained."""


def rounds_table(place: Deployment, folder: RoundsFolder) -> pd.DataFrame:
    """One row a round and arm, of those that are over."""
    rows = [
        _row(folder.record(arm, number))
        for number in range(place.plan.rounds)
        for arm in place.arms
        if folder.done(arm, number)
    ]
    return pd.DataFrame(rows)


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record without nests."""
    row = {key: value for key, value in record.items() if not isinstance(value, dict)}
    for name in ("engagement", "held_out", "candidate_held_out"):
        for end in ("mean", "low", "high"):
            row[name if end == "mean" else f"{name}_{end}"] = (record[name] or {}).get(end)
    gate = record["gate"] or {}
    return {**row, **{f"gate_{name}": gate.get(name) for name in ("mean", "low", "high", "bound", "promoted")}}


def summary(place: Deployment, folder: RoundsFolder, table: pd.DataFrame) -> dict[str, Any]:
    """Of every arm over all rounds that all arms have played: engagement a place, and beside the first arm's.

    The places are the same users with the same noise where both arms kept them, so that they are compared in pairs.
    """
    played = [number for number in range(place.plan.rounds) if all(folder.done(arm, number) for arm in place.arms)]
    totals = {arm.name: _total(folder, arm, played) for arm in place.arms}
    base, seed = totals[place.arms[0].name], place.plan.seed
    arms = {}
    for arm in place.arms:
        mine = totals[arm.name]
        ahead = paired_interval(mine[None], base[None], seed=seed)
        told: dict[str, Any] = {"engagement": asdict(interval(mine[None], seed=seed)), "ahead": asdict(ahead)}
        told["ahead_share"] = ahead.mean / float(base.mean()) if base.mean() else None
        rows = table[table.arm == arm.name]
        told["recovery"] = recovery(rows, [shock.round for shock in place.plan.moves.shocks])
        arms[arm.name] = {**told, **shown(rows), "totals": mine.round(4).tolist()}
    return {
        "world": place.setup.args.world,
        "unit": place.setup.world.unit,
        "users": place.plan.users,
        "seed": seed,
        "rounds": played,
        "baseline": place.arms[0].name,
        "shocks": [asdict(shock) for shock in place.plan.moves.shocks],
        "arms": arms,
    }


def versions_table(folder: RoundsFolder) -> pd.DataFrame:
    """One row a version: who made it, from what, how, and at what cost."""
    files = sorted((folder.root / "versions").glob(f"*/{MADE}"))
    return pd.DataFrame([_made(file) for file in files])


def _made(file: Path) -> dict[str, Any]:
    """What is told of a version; ValueError if the file is damaged."""
    with naming_damage(file):
        return parsed_object(file.read_bytes())


def shown(rows: pd.DataFrame) -> dict[str, float | None]:
    """Of all impressions after round 0, in which nothing is new: the new items' share, and what an impression brings.

    Args:
        rows: Of one arm, as of ``rounds_table``.
    """
    later = rows[rows["round"] > 0]
    fresh = later.fresh_share * later.impressions
    brought, brought_fresh = later.engagement_per_impression * later.impressions, later.fresh_engagement * fresh
    count, count_fresh = float(later.impressions.sum()), float(fresh.sum())
    return {
        "fresh_share": count_fresh / count if count else None,
        "fresh_engagement": float(brought_fresh.sum()) / count_fresh if count_fresh else None,
        "engagement_per_impression": float(brought.sum()) / count if count else None,
    }


def _total(folder: RoundsFolder, arm: Arm, rounds: Sequence[int]) -> Double:
    """Engagement of every place over the rounds, (places,)."""
    parts = [read_table(folder.kept(arm, number, SERVED), {"user_seed": "uint64"}).engagement for number in rounds]
    return np.sum([part.to_numpy(np.float64) for part in parts], axis=0)


def recovery(rows: pd.DataFrame, shocks: Sequence[int]) -> dict[str, int | None]:
    """Rounds from a shock until engagement is back at ``PART`` of that of the round before it, by the shock's round.

    0 where it never fell below; None where it has not come back.

    Args:
        rows: Of one arm, as of ``rounds_table``.
        shocks: Their rounds.
    """
    served = dict(zip(rows["round"], rows["engagement"], strict=True))
    found: dict[str, int | None] = {}
    for shock in shocks:
        if shock - 1 not in served or shock not in served:
            continue
        back = [number for number in served if number >= shock and served[number] >= PART * served[shock - 1]]
        found[str(shock)] = min(back) - shock if back else None
    return found


def write_tables(place: Deployment, folder: RoundsFolder) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Write ``ROUNDS``, ``VERSIONS`` and ``SUMMARY`` from the records, replacing those of that name."""
    table = rounds_table(place, folder)
    told = summary(place, folder, table)
    write_table(table, folder.root / ROUNDS)
    write_table(versions_table(folder), folder.root / VERSIONS)
    write_json(folder.root / SUMMARY, told)
    return table, told


def summary_text(told: Mapping[str, Any]) -> str:
    """The summary for people."""
    lines = [f"{'arm':<16}{'engagement':>12}{'ahead of ' + told['baseline']:>34}   recovery after shocks"]
    for name, arm in told["arms"].items():
        ahead, share = arm["ahead"], arm["ahead_share"]
        beside = f"{share:+.1%} ({ahead['low']:+.1f} to {ahead['high']:+.1f})" if share is not None else ""
        back = ", ".join(
            f"round {shock}: {'not yet' if rounds is None else rounds}" for shock, rounds in arm["recovery"].items()
        )
        lines.append(f"{name:<16}{arm['engagement']['mean']:>12.1f}{beside:>34}   {back}")
    return "\n".join(lines)
