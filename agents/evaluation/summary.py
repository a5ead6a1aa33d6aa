"""From tables of episodes to a summary with intervals, and both to a folder and back.

Everything in the summary and in every plot is a function of the three tables of ``Results``. The training seed is empty
where nothing was trained, ``persona`` and ``persona_distance`` are in a world without personas.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.evaluation.bootstrap import (
    COVERAGE_RESAMPLES,
    LEVEL,
    RESAMPLES,
    Values,
    coverage_interval,
    interval,
)
from driftrec.agents.evaluation.episodes import METRICS, check_episodes, training_seeds, user_tables
from driftrec.agents.evaluation.references import References
from driftrec.agents.evaluation.tables import markdown, read_table, table_file, write_table
from driftrec.simulators.files import parsed_object, write_text
from driftrec.simulators.settings import nearest

RENAMED = {"session_minutes": "session_engagement"}
"""What measures were called in earlier versions, and what they are called now."""

TOLD = ("world", "users", "seeds", "baseline", "floor", "ceiling", "interval", "policies")
"""What a summary of any version tells."""

MINUTES = "minutes"
"""What engagement is counted in where a summary does not say it: the first ones did not, and were all of news."""

NEEDED: Mapping[str, Collection[str]] = {
    "episodes": ("policy", "training_seed", "user", "user_seed", "engagement"),
    "steps": ("policy", "step", "engagement"),
    "journeys": ("policy", "step", "topic", "interest"),
}
"""Columns of the tables that all versions have."""

TYPES = {
    "episodes": {"policy": "str", "user_seed": "uint64", "training_seed": "Int64", "persona": "Int64"},
    "steps": {"policy": "str", "training_seed": "Int64"},
    "journeys": {"policy": "str", "topic": "str"},
}
"""The tables, and what pandas must be told of their columns.

Names may look like numbers, seeds are large, and empty where nothing was trained.
"""

LATER = {
    "stories": {"policy": "str", "item": "str", "topic": "str", "title": "str"},
    "exposure": {"policy": "str", "training_seed": "Int64"},
}
"""Tables that comparisons of earlier versions lack."""

INTERVAL = {
    "method": "percentile bootstrap over users and training seeds",
    "level": LEVEL,
    "resamples": RESAMPLES,
    "coverage_resamples": COVERAGE_RESAMPLES,
}
"""How the intervals of a summary are made."""


@dataclass(frozen=True)
class Results:
    """All that a comparison comes to.

    Attributes:
        episodes: One row per policy, training seed and user.
        steps: One row per policy, training seed and step.
        journeys: One row per policy, step and topic, of one user.
        summary: What ``summarise`` returned.
        stories: One row per policy and impression, of one user, see ``driftrec.agents.evaluation.stories``.
        exposure: One row per policy, training seed and item shown, see ``driftrec.agents.evaluation.exposure``.
    """

    episodes: pd.DataFrame
    steps: pd.DataFrame
    journeys: pd.DataFrame
    summary: dict[str, Any]
    stories: pd.DataFrame = field(default_factory=pd.DataFrame)
    exposure: pd.DataFrame = field(default_factory=pd.DataFrame)


def summarise(
    episodes: pd.DataFrame,
    shown: Mapping[str, NDArray[np.bool_]],
    *,
    world: str,
    unit: str,
    baseline: str,
    floor: str = "random",
    ceiling: str = "planner",
    seed: int,
    oracles: Collection[str] = (),
) -> dict[str, Any]:
    """Mean and 95 % interval of every measure of every policy, and its paired difference to ``baseline``.

    Args:
        episodes: One row per (policy, training_seed, user) with the columns of ``KEYS`` and ``METRICS``.
        shown: For each policy, which item a user was ever shown: bool, shape (training seeds, users, items),
            in ascending order of training seed and user.
        world: Name of the world, for the record.
        unit: What engagement is counted in.
        baseline: Policy that all are compared with, user by user.
        floor: Policy whose engagement counts as 0 in ``normalised``.
        ceiling: Policy whose engagement counts as 1 in ``normalised``.
        seed: Seed of the evaluation; the resampling uses it too.
        oracles: Policies that were told the hidden truth.

    Returns:
        A dict that ``json.dumps(..., allow_nan=False)`` accepts: world, unit, users, seeds, the three roles, interval,
        and ``policies`` in the episodes' order, with ``oracle``, ``training_seeds``, every measure (None where the
        world does not have it) and what ``References.compare`` says.

    Raises:
        ValueError: If columns, users or numbers are missing, policies met different users or ``baseline`` is
            unknown.
    """
    check_episodes(episodes)
    _check_shown(shown, user_tables(episodes))
    covered = {name: asdict(coverage_interval(shown[name], seed=seed)) for name in episodes.policy.unique()}
    return summary_of(
        episodes,
        covered,
        world=world,
        unit=unit,
        baseline=baseline,
        floor=floor,
        ceiling=ceiling,
        seed=seed,
        oracles=oracles,
    )


def summary_of(
    episodes: pd.DataFrame,
    covered: Mapping[str, Mapping[str, float]],
    *,
    world: str,
    unit: str,
    baseline: str,
    floor: str,
    ceiling: str,
    seed: int,
    oracles: Collection[str],
) -> dict[str, Any]:
    """``summarise`` where the coverage of every policy, ``covered``, is known already, as from other summaries."""
    check_episodes(episodes)
    tables = user_tables(episodes)
    if baseline not in tables:
        raise ValueError(f"Baseline {baseline!r} is not among the policies. {nearest(baseline, list(tables))}")
    engagement = {name: table["engagement"] for name, table in tables.items()}
    trained = {name: training_seeds(episodes, name) for name in tables}
    against = References(engagement, trained, baseline=baseline, floor=floor, ceiling=ceiling, seed=seed)
    policies = {
        name: {
            "oracle": name in oracles,
            "training_seeds": trained[name],
            **_measures(table, seed),
            "catalogue_coverage": dict(covered[name]),
            **against.compare(name),
        }
        for name, table in tables.items()
    }
    seeds = {"evaluation": int(seed), "training": sorted(set(chain.from_iterable(trained.values())))}
    roles = {"baseline": baseline, "floor": floor, "ceiling": ceiling}
    told = {"world": world, "unit": unit, "users": int(episodes.user.nunique()), "seeds": seeds}
    return {**told, **roles, "interval": INTERVAL, "policies": policies}


def _measures(table: Mapping[str, Values], seed: int) -> dict[str, dict[str, float] | None]:
    """Every measure of users of one policy with its interval; None of what the world does not have."""
    return {m: None if np.isnan(table[m]).all() else asdict(interval(table[m], seed=seed)) for m in METRICS}


def write_results(folder: str | Path, results: Results) -> None:
    """Write episodes.csv, steps.csv, journeys.csv, summary.json and summary.md, replacing those of that name.

    So are stories.csv and exposure.csv, where the results have them. The folder is made if absent.

    Raises:
        OSError: If a file cannot be written, as on a full disk; names it, and the one of that name stays as it was.
        ValueError: If the summary holds NaN or infinity, which JSON does not know.
    """
    text = json.dumps(results.summary, allow_nan=False, indent=2)
    where = Path(folder)
    where.mkdir(parents=True, exist_ok=True)
    tables = {name: getattr(results, name) for name in (*TYPES, *LATER)}
    for name, table in tables.items():
        if name in TYPES or not table.empty:
            write_table(table, where / f"{name}.csv")
    write_text(where / "summary.json", text + "\n")
    write_text(where / "summary.md", markdown(results.summary))


def read_summary(file: Path) -> dict[str, Any]:
    """Read a summary.json, of earlier versions too.

    Raises:
        ValueError: If it is damaged.
    """
    try:
        summary = parsed_object(file.read_bytes())
        missing = [name for name in TOLD if name not in summary]
        policies = {
            name: {RENAMED.get(key, key): value for key, value in policy.items()}
            for name, policy in summary.get("policies", {}).items()
        }
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{file} is damaged: {error}. Compare again with: driftrec compare") from error
    if missing:
        raise ValueError(f"{file} is damaged: it does not tell {', '.join(missing)}. Compare again.")
    return {"unit": MINUTES, **summary, "policies": policies}


def read_results(folder: str | Path) -> Results:
    """Read what ``write_results`` wrote, in earlier versions too, or packed as Parquet.

    Raises:
        FileNotFoundError: If the folder lacks one of the files.
        ValueError: If one is damaged; names it.
    """
    where = Path(folder)
    files = {name: table_file(where, name) for name in (*TYPES, *LATER)}
    for file in (*(files[name] for name in TYPES), where / "summary.json"):
        if not file.is_file():
            inner = sorted(where.glob("world-*"))
            remedy = f"Its worlds do: give {inner[0]}" if inner else "Make one: driftrec compare"
            raise FileNotFoundError(f"{where} does not hold a comparison: it has no {file.name}. {remedy}")
    episodes, steps, journeys = (_needed(files[name], name) for name in TYPES)
    summary = read_summary(where / "summary.json")
    later = {name: read_table(files[name], types) for name, types in LATER.items() if files[name].is_file()}
    return Results(episodes, steps, journeys, summary, **later)


def _needed(file: Path, name: str) -> pd.DataFrame:
    """One of the tables that every comparison has."""
    table = read_table(file, TYPES[name]).rename(columns=RENAMED)
    if missing := [column for column in NEEDED[name] if column not in table]:
        raise ValueError(f"The table {file} is damaged: it has no column {', '.join(missing)}. Compare again.")
    return table


def _check_shown(shown: Mapping[str, NDArray[np.bool_]], tables: Mapping[str, Mapping[str, Values]]) -> None:
    for name, table in tables.items():
        want = table["engagement"].shape
        got = np.shape(shown[name])[:2] if name in shown else None
        if got != want:
            raise ValueError(f"shown[{name!r}] has (training seeds, users) {got}; the episodes have {want}.")
