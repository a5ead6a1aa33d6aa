"""Which policies of a comparison are drawn, what each is called and how it is drawn: alike in all of its plots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from driftrec.agents.evaluation.tables import ORACLE_MARK, by_engagement
from driftrec.agents.known import Dash
from driftrec.agents.plots.palette import styles

MOST = 28
"""Policies in one figure; more lines cannot be told apart."""

LONGEST = 36
"""Characters of a name in a plot."""


ORACLE = f"{ORACLE_MARK} oracle, dashed"
"""What the mark means, in words."""


@dataclass(frozen=True)
class Look:
    """One policy in the plots.

    Attributes:
        label: Its name as it is written there, an oracle's marked.
        colour: Hex colour.
        dash: Matplotlib line style.
    """

    label: str
    colour: str
    dash: Dash


def looks(summary: Mapping[str, Any]) -> dict[str, Look]:
    """Look of every policy that is drawn, in the summary's order.

    Those are all, or of more than ``MOST`` baseline, floor, ceiling and the best.

    Args:
        summary: What ``summarise`` returned.
    """
    roles = {summary[role] for role in ("baseline", "floor", "ceiling")}
    ranked = sorted(by_engagement(summary), key=lambda name: name not in roles)
    chosen = set(ranked[:MOST])
    policies = summary["policies"]
    return looks_of(
        [name for name in policies if name in chosen], [name for name in chosen if policies[name]["oracle"]]
    )


def looks_of(names: Iterable[str], oracles: Collection[str]) -> dict[str, Look]:
    """Look of every one of ``names``, at most ``MOST``, oracles among them marked."""
    style = styles(names, oracles)
    labels = _labels(style)
    marks = {name: f" {ORACLE_MARK}" if name in oracles else "" for name in style}
    return {name: Look(labels[name] + marks[name], found.colour, found.dash) for name, found in style.items()}


def how_many(summary: Mapping[str, Any]) -> str:
    """Where not all policies are drawn: a line that says so, with the line's end before it."""
    total = len(summary["policies"])
    return f"\n{MOST} of {total} policies: baseline, floor, ceiling and the best" if total > MOST else ""


def oracle_note(summary: Mapping[str, Any]) -> str:
    """What the mark of oracles means, with the line's end before it; nothing where there is none."""
    return f"\n{ORACLE}" if any(policy["oracle"] for policy in summary["policies"].values()) else ""


def plain(text: str, longest: int = LONGEST) -> str:
    """``text`` for Matplotlib to write as it is: one line without formulas, its middle left out where it is long.

    What cannot be printed is written as Python would write it. A leading underscore, at which legends leave a line out,
    has a space before it.
    """
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    if len(shown) > longest:
        shown = f"{shown[: longest // 2]}…{shown[len(shown) - (longest - 1) // 2 :]}"
    return (" " if shown.startswith("_") else "") + shown.replace("$", r"\$")


def _labels(names: Collection[str]) -> dict[str, str]:
    """``plain`` of all names, numbered where names were cut that differ in their middle only."""
    cut = {name: plain(name) for name in names}
    several = Counter(cut.values())
    met: Counter[str] = Counter()
    labels = {}
    for name, label in cut.items():
        met[label] += 1
        labels[name] = f"{label} ({met[label]})" if several[label] > 1 else label
    return labels
