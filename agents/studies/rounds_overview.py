"""One table a deployment of all its seeds: what every arm earned, with new items too, and what updates cost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from driftrec.agents.evaluation.bootstrap import interval
from driftrec.agents.evaluation.tables import read_table

TITLES = (
    *("arm", "engagement a place", "ahead of the first", "in percent", "rounds until back"),
    *("new items' share", "a new item's impression", "any impression", "steps an update", "CPU seconds an update"),
)

NOTES = """- Engagement of a place over all rounds, mean over places and seeds; the difference in pairs of places. 95 %
  intervals by the bootstrap over places and seeds.
- Rounds until back: from a shock until engagement is at 95 % of that of the round before it, one number a seed;
  "never" where it was not by the last round.
- New items are those less than a round old; round 0, in which none is, does not count.
- An update's cost is the mean over rounds and seeds, without the first training, which stands beside "first".
"""


def rounds_overview(kept: Mapping[str, Path]) -> str:
    """Markdown: a table a deployment.

    Args:
        kept: Folders of ``driftrec rounds``, or what was kept of them; a name ends in a dash and the seed.
    """
    groups: dict[str, list[Path]] = {}
    for name, folder in kept.items():
        groups.setdefault(name.rpartition("-")[0], []).append(folder)
    tables = "\n".join(_table(name, folders) for name, folders in groups.items())
    return f"# Deployments in rounds\n\n{tables}\n{NOTES}"


def _table(name: str, folders: Sequence[Path]) -> str:
    """One table, with its title."""
    summaries = [json.loads((folder / "summary.json").read_text(encoding="utf-8")) for folder in folders]
    one = summaries[0]
    seeds = ", ".join(str(summary["seed"]) for summary in summaries)
    title = f"## {name}\n\n{len(one['rounds'])} rounds, {one['users']:,} places, seeds {seeds}, {one['unit']}.\n"
    rows = [TITLES, ("---", *["---:"] * (len(TITLES) - 1)), *_rows(summaries, _costs(folders))]
    return title + "\n" + "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def _rows(summaries: Sequence[Mapping[str, Any]], costs: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    """A row an arm that every seed has, and one for the first trainings."""
    base = _totals(summaries, summaries[0]["baseline"])
    for arm in summaries[0]["arms"]:
        told = [summary["arms"][arm] for summary in summaries]
        mine = _totals(summaries, arm)
        ahead, all_of_it = interval(mine - base, seed=0), interval(mine, seed=0)
        back = [rounds for one in told for rounds in one["recovery"].values()]
        yield (
            arm,
            f"{all_of_it.mean:.1f} [{all_of_it.low:.1f}, {all_of_it.high:.1f}]",
            f"{ahead.mean:+.1f} [{ahead.low:+.1f}, {ahead.high:+.1f}]",
            f"{ahead.mean / base.mean():+.1%}",
            ", ".join("never" if rounds is None else str(rounds) for rounds in back),
            *(_mean(told, key, form) for key, form in SHOWN.items()),
            *costs.get(arm, ("", "")),
        )
    yield ("first", *[""] * 7, *costs.get("first", ("", "")))


SHOWN = {"fresh_share": ".1%", "fresh_engagement": ".3f", "engagement_per_impression": ".3f"}


def _totals(summaries: Sequence[Mapping[str, Any]], arm: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Engagement of every place, (seeds, places)."""
    return np.array([summary["arms"][arm]["totals"] for summary in summaries])


def _mean(told: Sequence[Mapping[str, Any]], key: str, form: str) -> str:
    """Mean over seeds, of those that have it."""
    found = [one[key] for one in told if one[key] is not None]
    return format(float(np.mean(found)), form) if found else ""


def _costs(folders: Sequence[Path]) -> dict[str, tuple[str, str]]:
    """Mean environment steps and seconds of computing of an update, by arm; of the first trainings under "first"."""
    found: dict[str, list[tuple[float, float]]] = {}
    for folder in folders:
        made = read_table(folder / "versions.csv", {"arm": "str"})
        for row in made.itertuples():
            arm = row.arm if isinstance(row.arm, str) else "first"
            found.setdefault(arm, []).append((float(row.env_steps), float(row.cpu_seconds)))  # type: ignore[arg-type]
    means = {arm: np.mean(costs, axis=0) for arm, costs in found.items()}
    return {arm: (f"{steps:,.0f}", f"{seconds:.0f}") for arm, (steps, seconds) in means.items()}
