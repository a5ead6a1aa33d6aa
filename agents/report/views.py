"""Tables as the page shows them, and those of the measures and of who is better than whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from driftrec.agents.evaluation.bootstrap import Interval
from driftrec.agents.evaluation.episodes import user_tables
from driftrec.agents.evaluation.improvement import probabilities
from driftrec.agents.evaluation.summary import Results
from driftrec.agents.evaluation.tables import (
    BLOCKS,
    by_engagement,
    column_title,
    marked,
    meanings,
    number_and_ends,
    present,
)
from driftrec.agents.plots.looks import cut, how_many, looks

NO_COLOUR = "transparent"


@dataclass(frozen=True)
class Cell:
    """A number.

    Attributes:
        middle: Estimate, or a dash.
        ends: Its interval in brackets; "" where there is none.
        verdict: Which side of equal it lies on, where the interval says so; "" where not.
    """

    middle: str
    ends: str = ""
    verdict: Literal["", "better", "worse"] = ""


@dataclass(frozen=True)
class Line:
    """A policy's row.

    Attributes:
        name: Of the policy, with its marks.
        short: The same, its middle left out where it is long.
        colour: In which it is drawn.
        cells: One a column.
    """

    name: str
    short: str
    colour: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Listing:
    """A table.

    Attributes:
        caption: What it is.
        heads: Of the columns of cells.
        lines: In their order.
        notes: What the numbers are, a line each.
    """

    caption: str
    heads: Sequence[str]
    lines: Sequence[Line]
    notes: Sequence[str] = ()


CAPTIONS = ("Long-term engagement", "Visits", "Slates and interests")
"""Of ``BLOCKS``."""


def measures(summary: Mapping[str, Any]) -> list[Listing]:
    """The summary's tables, without columns that the world does not have."""
    views = []
    for caption, block in zip(CAPTIONS, BLOCKS, strict=True):
        policies = summary["policies"]
        there = present(summary, block)
        cells = {name: [_measured(policy, c.key, c.form) for c in there] for name, policy in policies.items()}
        notes = meanings(summary, [there])
        views.append(Listing(caption, [column_title(c, summary) for c in there], policy_lines(summary, cells), notes))
    return views


def policy_lines(summary: Mapping[str, Any], cells: Mapping[str, Sequence[Cell]]) -> list[Line]:
    """A row for every policy in ``cells``, by falling engagement."""
    look = looks(summary)
    found = []
    for name in by_engagement(summary):
        if name in cells:
            colour = look[name].colour if name in look else NO_COLOUR
            found.append(Line(marked(name, summary), _short(name, summary), colour, cells[name]))
    return found


def _short(name: str, summary: Mapping[str, Any]) -> str:
    """A policy's name with its marks, cut."""
    return cut(name) + marked(name, summary).removeprefix(name)


def _measured(policy: Mapping[str, Any], key: str, form: str) -> Cell:
    """A measure of a policy; of a difference, whether it is one."""
    value = policy[key]
    return Cell(*number_and_ends(value, form), _side(value, 0.0) if value and key == "versus_baseline" else "")


def _side(value: Mapping[str, float], equal: float) -> Literal["", "better", "worse"]:
    """Which side of ``equal`` the whole interval lies on."""
    return "better" if value["low"] > equal else "worse" if value["high"] < equal else ""


def improvements(results: Results) -> Listing:
    """Probability of improvement of every policy over every other, of those that are drawn."""
    summary, look = results.summary, looks(results.summary)
    names = [name for name in by_engagement(summary) if name in look]
    tables = user_tables(results.episodes)
    engagement = {name: tables[name]["engagement"] for name in names}
    found = probabilities(engagement, seed=summary["seeds"]["evaluation"])
    cells = {a: [_chance(found.get((a, b))) for b in names] for a in names}
    notes = [
        "share of users whom the policy of the row serves better than that of the column does; ties count half",
        "▲ and ▼: the interval lies above and below one half",
    ]
    if left_out := how_many(summary).strip():
        notes.append(left_out)
    return Listing(
        "Probability of improvement", [_short(name, summary) for name in names], policy_lines(summary, cells), notes
    )


def _chance(value: Interval | None) -> Cell:
    """A probability in per cent; nothing of a policy against itself."""
    if value is None:
        return Cell("")
    return Cell(*number_and_ends(asdict(value), "z.0%"), _side(asdict(value), 0.5))
