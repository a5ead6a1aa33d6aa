"""One table of all published worlds: what was reached before, what ours reach, and the references."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PUBLISHED_BEST = {
    "RecSim-InterestEvolution": "174.6 (SlateQ, QL-OT-OS; Ie et al. 2019)",
    "RecSim-InterestExploration": "39.3 (by quality)",
    "RecSim-LongTermSatisfaction": "1107 (most clickbait)",
    "Sardine-SlateTopK-Bored": "137.7 (SAC + TopK)",
}
"""Best figure published or measured with the original, by table; the sources are in results/published/README.md."""

COLUMNS = {
    "random": "random",
    "myopic-oracle": "myopic oracle *",
    "slateq": "SlateQ",
    "myopic": "ranker",
    "farsighted": "farsighted",
    "ppo": "PPO",
    "planner": "planner *",
}
"""Policies of the table and what they are called in it."""


def overview(summaries: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown: a row a world, mean engagement with its 95 % interval for PPO, and ``normalised`` of PPO.

    Args:
        summaries: Of the comparisons, by table; see ``driftrec.agents.evaluation.summary.summarise``.
    """
    titles = ["world", "unit", "published or measured before", *COLUMNS.values(), "normalised", "seeds of PPO"]
    rows = [titles, ["---"] * 3 + ["---:"] * (len(titles) - 3)]
    rows += [_row(name, summary) for name, summary in summaries.items()]
    lines = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    return f"# Our agents on the published worlds\n\n{lines}\n\n{NOTES}"


NOTES = """- Mean over users and training seeds; PPO with its 95 % interval. \\*: told the hidden truth.
- ranker: the fitted myopic ranker, shown greedily; farsighted: the same with what a click does to the engagement after
  it, where it was weighed (elsewhere the two are one); PPO: what was trained on top.
- normalised: PPO with random as 0 and planner as 1, where the planner is ahead of random.
- "-partial": from past slates and clicks in place of the published ideal state.
"""


def _row(name: str, summary: Mapping[str, Any]) -> list[str]:
    policies = summary["policies"]
    means = {key: f"{policies[key]['engagement']['mean']:.1f}" if key in policies else "" for key in COLUMNS}
    ours = policies["ppo"]
    found = ours["engagement"]
    means["ppo"] = f"**{found['mean']:.1f}** [{found['low']:.1f}, {found['high']:.1f}]"
    scaled = ours["normalised"]
    told = "" if scaled is None else f"{scaled['mean']:.2f}"
    seeds = str(len(ours["training_seeds"]))
    return [name, summary["unit"], PUBLISHED_BEST.get(name, ""), *means.values(), told, seeds]
