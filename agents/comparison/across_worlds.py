"""Comparisons in several worlds that a log leaves open: intervals over users, training seeds and worlds; places."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.evaluation.bootstrap import RESAMPLES, Interval
from driftrec.agents.evaluation.episodes import user_tables
from driftrec.agents.evaluation.tables import write_table
from driftrec.agents.setup import WorldArgs, json_object
from driftrec.simulators.files import write_files

Double = NDArray[np.float64]

FITTED_WORLD = "driftrec/Fitted-v0"


@dataclass(frozen=True)
class Across:
    """What came of it.

    Attributes:
        policies: One row a policy, the best first: ``policy``; ``engagement``, ``low``, ``high`` over users, training
            seeds and worlds; ``difference``, ``difference_low``, ``difference_high`` to the baseline in pairs;
            ``best_place`` and ``worst_place`` in single worlds.
        worlds: One row a world and policy: ``world``, ``policy``, ``engagement``, ``place``.
        places: One row a pair: ``policy`` is ahead of ``other`` in all worlds together, by ``difference`` with its
            ``low`` and ``high``; ``turned_worlds``, of how many worlds the other way round; ``turned``, of what share
            of the resamples.
        baseline: With whom all are compared.
    """

    policies: pd.DataFrame
    worlds: pd.DataFrame
    places: pd.DataFrame
    baseline: str


def worlds_named(args: WorldArgs, text: str) -> list[WorldArgs]:
    """One world for each folder in ``text``, parted by commas; in all of them the recommender knows the first.

    Raises:
        ValueError: If there are fewer than two folders, one twice, or ``options`` name a world besides.
    """
    folders = [folder.strip() for folder in text.split(",") if folder.strip()]
    if len(set(folders)) < 2 or len(set(folders)) < len(folders):
        raise ValueError(
            f"--worlds is {text!r}; give two or more folders of fitted worlds, parted by commas, each once."
        )
    options = json_object("options", args.options)
    if clash := sorted(options.keys() & {"world", "known"}):
        raise ValueError(f"--options holds {clash[0]}, which --worlds says. Leave it out.")
    knows = [{} if folder == folders[0] else {"known": folders[0]} for folder in folders]
    told = [{**options, "world": folder, **known} for folder, known in zip(folders, knows, strict=True)]
    return [replace(args, world=FITTED_WORLD, options=json.dumps(each)) for each in told]


def across_worlds(episodes: Mapping[str, pd.DataFrame], baseline: str, seed: int) -> Across:
    """Put comparisons of the same policies and users in several worlds together.

    Every resample draws worlds, users and training seeds with replacement, each for itself and the same for all
    policies, but for the seeds (Owen's pigeonhole bootstrap, as in single comparisons).

    Args:
        episodes: Of each world by its name, as of ``Results``.
        baseline: Policy that all are compared with.
        seed: Source of the resampling.
    """
    tables = {world: user_tables(rows) for world, rows in episodes.items()}
    names = [name for name in next(iter(tables.values())) if all(name in table for table in tables.values())]
    values = {name: np.stack([table[name]["engagement"] for table in tables.values()]) for name in names}
    means = {name: value.mean() for name, value in values.items()}
    order = sorted(names, key=lambda name: -means[name])
    draws = _drawn(values, seed)
    by_world = _by_world(values, list(tables))
    rows = []
    for name in order:
        own, apart = _interval(means[name], draws[name]), means[name] - means[baseline]
        difference = _interval(apart, draws[name] - draws[baseline])
        places = by_world.place[by_world.policy == name]
        rows.append(
            {"policy": name, "engagement": own.mean, "low": own.low, "high": own.high}
            | {"difference": apart, "difference_low": difference.low, "difference_high": difference.high}
            | {"best_place": int(places.min()), "worst_place": int(places.max())}
        )
    return Across(pd.DataFrame(rows), by_world, _places(order, values, draws), baseline)


def _drawn(values: Mapping[str, Double], seed: int) -> dict[str, Double]:
    """Mean engagement of every policy in each resample, (resamples,)."""
    worlds, _, users = next(iter(values.values())).shape
    rng = np.random.default_rng(seed)
    of_users = rng.multinomial(users, np.full(users, 1.0 / users), size=RESAMPLES) / users
    of_worlds = rng.multinomial(worlds, np.full(worlds, 1.0 / worlds), size=RESAMPLES) / worlds
    found = {}
    for name, value in values.items():
        seeds = value.shape[1]
        of_seeds = rng.multinomial(seeds, np.full(seeds, 1.0 / seeds), size=RESAMPLES) / seeds
        means = np.einsum("ru,wsu->rws", of_users, value, optimize=True)
        found[name] = np.einsum("rws,rw,rs->r", means, of_worlds, of_seeds, optimize=True)
    return found


def _interval(mean: float, draws: Double) -> Interval:
    low, high = np.quantile(draws, [0.025, 0.975])
    return Interval(float(mean), float(low), float(high))


def _by_world(values: Mapping[str, Double], worlds: Sequence[str]) -> pd.DataFrame:
    """Mean and place of every policy in every world."""
    means = pd.DataFrame({name: value.mean(axis=(1, 2)) for name, value in values.items()}, index=list(worlds))
    places = means.rank(axis=1, ascending=False, method="min").astype(int)
    told = means.rename_axis("world").reset_index().melt("world", var_name="policy", value_name="engagement")
    return told.assign(place=places.melt().value)


def _places(order: Sequence[str], values: Mapping[str, Double], draws: Mapping[str, Double]) -> pd.DataFrame:
    """Every pair, the better first."""
    rows = []
    for name, other in combinations(order, 2):
        apart = values[name].mean(axis=(1, 2)) - values[other].mean(axis=(1, 2))  # of worlds
        drawn = draws[name] - draws[other]
        found = _interval(float(apart.mean()), drawn)
        rows.append(
            {"policy": name, "other": other, "difference": found.mean, "low": found.low, "high": found.high}
            | {"turned_worlds": int((apart < 0).sum()), "turned": float((drawn < 0).mean())}
        )
    columns = ["policy", "other", "difference", "low", "high", "turned_worlds", "turned"]
    return pd.DataFrame(rows, columns=columns)


def write_across(folder: Path, across: Across) -> None:
    """Write ``across.csv``, ``worlds.csv``, ``places.csv``, and all of it as ``across.json``."""
    tables = {"across": across.policies, "worlds": across.worlds, "places": across.places}
    for name, table in tables.items():
        write_table(table, folder / f"{name}.csv")
    told: dict[str, Any] = {"baseline": across.baseline}
    told |= {name: json.loads(table.to_json(orient="records", double_precision=12)) for name, table in tables.items()}
    write_files({folder / "across.json": json.dumps(told, indent=1, allow_nan=False).encode()})


def across_in_text(across: Across) -> str:
    """The tables as they are printed."""
    shown = pd.DataFrame({"policy": across.policies.policy})
    for head, prefix, value in (
        ("engagement", "", "engagement"),
        (f"vs {across.baseline}", "difference_", "difference"),
    ):
        ends = across.policies[[value, f"{prefix}low", f"{prefix}high"]].itertuples(index=False)
        shown[head] = [f"{mean:.3f} [{low:.3f}, {high:.3f}]" for mean, low, high in ends]
    shown["place"] = [
        f"{best}" if best == worst else f"{best} to {worst}"
        for best, worst in zip(across.policies.best_place, across.policies.worst_place, strict=True)
    ]
    worlds = across.worlds.world.nunique()
    lines = [shown.to_string(index=False), "", f"95 % intervals over users, training seeds and {worlds} worlds"]
    turned = across.places[(across.places.turned_worlds > 0) | (across.places.turned > 0.025)]
    if turned.empty:
        lines.append("No two policies change places.")
    lines += [
        f"{row['policy']} and {row['other']} change places in {row['turned_worlds']} of {worlds} worlds, and in "
        f"{row['turned']:.0%} of the resamples."
        for row in turned.to_dict("records")
    ]
    return "\n".join(lines)
