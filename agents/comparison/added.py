"""Comparisons put together: policies of one added to another, where both met the same users in the same world."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from driftrec.agents.evaluation.summary import Results, read_results, summary_of
from driftrec.agents.runs.folders import CONFIG_FILE
from driftrec.simulators.files import parsed_object
from driftrec.simulators.settings import nearest

SETTINGS = ("slate_size", "history", "horizon", "config", "options", "items")
"""What of a run's configuration the world is made of, besides its name and fingerprints."""


@dataclass(frozen=True)
class Compared:
    """A comparison in a folder.

    Attributes:
        folder: Where it is.
        results: Its tables.
        config: Its configuration; {} where the folder has none.
    """

    folder: Path
    results: Results
    config: Mapping[str, Any]


def read_compared(folder: Path) -> Compared:
    """Read a comparison; errors as of ``read_results``, also of a configuration that is damaged."""
    results, file = read_results(folder), folder / CONFIG_FILE
    try:
        config = parsed_object(file.read_bytes()) if file.is_file() else {}
    except ValueError as error:
        raise ValueError(f"{file} is damaged: {error}. Compare again with: driftrec compare") from error
    return Compared(folder, results, config)


def read_joined(folder: Path, others: Sequence[Path]) -> Results:
    """The comparison in ``folder`` with the policies of the ``others``; errors as of ``read_results`` and ``added``."""
    first = read_compared(folder)
    for other in others:
        first = replace(first, results=added(first, read_compared(other)))
    return first.results


def chosen(results: Results, names: Sequence[str]) -> Results:
    """The same comparison with these policies alone, in its own order.

    Raises:
        ValueError: If there is no policy of a name; the message gives the nearest.
    """
    there = results.summary["policies"]
    for name in names:
        if name not in there:
            raise ValueError(f"No policy is called {name!r} in this comparison. {nearest(name, list(there))}")
    kept = {name: policy for name, policy in there.items() if name in names}
    fewer = _tables(results, lambda table: table[table.policy.isin(names)])
    return replace(results, **fewer, summary={**results.summary, "policies": kept})


def added(first: Compared, other: Compared) -> Results:
    """``first`` with the policies of ``other``, compared with the baseline of ``first``.

    A policy that both have with the same episodes is taken once; another of the same name is called by its folder,
    "ppo (0007-compare)". Training seeds are not joined.

    Raises:
        ValueError: If world or users are not the same; says what differs.
    """
    _check_same(first, other)
    here, there = first.results, other.results
    known = {name: _episodes_of(here, name) for name in here.summary["policies"]}
    names = {
        name: _free(name, other.folder, [*known, *there.summary["policies"]]) if name in known else name
        for name in there.summary["policies"]
        if name not in known or not known[name].equals(_episodes_of(there, name))
    }
    new = _tables(there, lambda table: table[table.policy.isin(names)].assign(policy=table.policy.map(names)))
    old = _tables(here, lambda table: table)
    joined = {name: pd.concat([old[name], new[name]], ignore_index=True) for name in old}
    joined["journeys"] = here.journeys  # of one user, who may be another there
    joined["stories"] = here.stories
    return Results(**joined, summary=_summary(joined["episodes"], here.summary, there.summary, names))


def _summary(
    episodes: pd.DataFrame, here: Mapping[str, Any], there: Mapping[str, Any], names: Mapping[str, str]
) -> dict[str, Any]:
    """The summary of ``here`` with policies of ``there``, by ``names`` there and here."""
    policies = {**here["policies"], **{new: there["policies"][old] for old, new in names.items()}}
    found = summary_of(
        episodes,
        {name: policy["catalogue_coverage"] for name, policy in policies.items()},
        **{key: here[key] for key in ("world", "unit", "baseline", "floor", "ceiling")},
        seed=here["seeds"]["evaluation"],
        oracles=[name for name, policy in policies.items() if policy["oracle"]],
    )
    return {**here, **found}


def _check_same(first: Compared, other: Compared) -> None:
    """ValueError unless both met the same users in the same world."""
    here, there = first.results, other.results
    told = {"world": (here.summary["world"], there.summary["world"])}
    mine, yours = (_settings(one.config) for one in (first, other))
    told |= {name: (mine[name], yours[name]) for name in mine if name in yours}
    differ = [f"{name} {theirs}, not {ours}" for name, (ours, theirs) in told.items() if ours != theirs]
    if differ:
        raise ValueError(
            f"{other.folder} cannot be added to {first.folder}: its world is another ({'; '.join(differ)}). "
            "Compare its policies in the same world: driftrec compare"
        )
    users, others = (one.episodes.groupby("user").user_seed.first() for one in (here, there))
    if not users.equals(others):
        raise ValueError(
            f"{other.folder} cannot be added to {first.folder}: its users are others ({_users(there)}, not "
            f"{_users(here)}). Compare its policies with the same --seed and --users."
        )


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """What of a configuration the world is made of, each fingerprint by itself and short enough to read."""
    prints = {f"fingerprint of {name}": mark[:12] for name, mark in config.get("fingerprints", {}).items()}
    return {**{name: config[name] for name in SETTINGS if name in config}, **prints}


def _users(results: Results) -> str:
    """Who was served, in words."""
    return f"{results.summary['users']:,} users of seed {results.summary['seeds']['evaluation']}"


def _episodes_of(results: Results, name: str) -> pd.DataFrame:
    """Who met the policy and what came of it."""
    rows = results.episodes[results.episodes.policy == name]
    return rows.sort_values(["training_seed", "user"])[["training_seed", "user", "engagement"]].reset_index(drop=True)


def _free(name: str, folder: Path, taken: Collection[str]) -> str:
    """``name`` with that of its folder behind it, numbered where that is taken."""
    wanted = f"{name} ({folder.resolve().name})"
    numbered = (f"{wanted} {number}" for number in range(2, len(taken) + 3))
    return wanted if wanted not in taken else next(label for label in numbered if label not in taken)


def _tables(results: Results, change: Callable[[pd.DataFrame], pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Every table, changed; those that are not there stay as they are."""
    names = ("episodes", "steps", "journeys", "stories", "exposure")
    found = {name: getattr(results, name) for name in names}
    return {name: table if table.empty else change(table) for name, table in found.items()}
