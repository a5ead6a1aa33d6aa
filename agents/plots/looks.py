"""How each policy of a comparison is called and drawn, alike in all plots, told apart by colour-blind readers too."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from driftrec.agents.evaluation.tables import ORACLE_MARK, by_engagement
from driftrec.agents.known import KNOWN, ORACLE_DASH, Dash, Style

MOST = 28
"""Policies in one figure; more colours cannot be told apart."""

MOST_LINES = 12
"""Policies in one figure of lines, which cross and hide each other."""

LONGEST = 36
"""Characters of a name in a plot."""

SPARE = (
    *(Style(colour) for colour in ("#FF8787", "#FF87F0", "#960F5A", "#0087F0", "#00D20F", "#9696D2", "#F06996")),
    *(Style(colour, "-.") for colour in ("#C378A5", "#0F78A5", "#4B4B78", "#A54BFF", "#96C396", "#B4A569", "#F0783C")),
    *(Style(colour, "-.") for colour in ("#870FF0", "#004B96", "#3C5A1E")),
    *(Style(colour, ":") for colour in ("#695A4B", "#0000E1", "#5A0F5A", "#5A8778", "#C3785A", "#FF0F00", "#F000B4")),
    *(Style(colour, ":") for colour in ("#00A52D", "#784BD2", "#693C00", "#D2A5D2")),
)
"""Of policies that are not this package's."""

TOPIC_COLOURS = ("#332288", "#CC6677", "#117733", "#88CCEE", "#AA4499", "#DDCC77")
OTHER_TOPICS = "#CCCCCC"


def styles(names: Iterable[str], oracles: Collection[str] = ()) -> dict[str, Style]:
    """Style of every name; no two have one colour.

    This package's policies have fixed ones. Any other has a spare colour that follows from its name, the next free one
    where another of ``names`` has that already: it looks the same in all plots of a comparison, and mostly in the next
    comparison too. Lines of ``oracles`` are broken.

    Raises:
        ValueError: If more of ``names`` are unknown than there are ``SPARE`` ones.
    """
    wanted = list(dict.fromkeys(names))
    own = sorted(set(wanted) - set(KNOWN))
    if len(own) > len(SPARE):
        raise ValueError(f"{len(own)} policies of your own are more than the {len(SPARE)} colours for them.")
    taken: dict[int, str] = {}
    for name in own:
        first = zlib.crc32(name.encode("utf-8", "surrogatepass"))
        places = ((first + step) % len(SPARE) for step in range(len(SPARE)))  # those that suit it best first
        taken[next(place for place in places if place not in taken)] = name
    spare = {name: SPARE[place] for place, name in taken.items()}
    found = {name: KNOWN[name].style if name in KNOWN else spare[name] for name in wanted}
    return {name: Style(style.colour, ORACLE_DASH) if name in oracles else style for name, style in found.items()}


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
    """
    chosen = set(_ranked(summary)[:MOST])
    drawn = {name: policy for name, policy in summary["policies"].items() if name in chosen}
    return looks_of(drawn, [name for name, policy in drawn.items() if policy["oracle"]])


def line_looks(summary: Mapping[str, Any]) -> dict[str, Look]:
    """The first ``MOST_LINES`` of ``looks`` by the same rule, each as it is there."""
    chosen = _ranked(summary)[:MOST_LINES]
    return {name: look for name, look in looks(summary).items() if name in chosen}


def _ranked(summary: Mapping[str, Any]) -> list[str]:
    """Policies in the order in which they find room: baseline, floor and ceiling, then by falling engagement."""
    roles = {summary[role] for role in ("baseline", "floor", "ceiling")}
    return sorted(by_engagement(summary), key=lambda name: name not in roles)


def looks_of(names: Iterable[str], oracles: Collection[str]) -> dict[str, Look]:
    """Look of every one of ``names``, at most ``MOST``, oracles among them marked."""
    style = styles(names, oracles)
    labels = _labels(style)
    marks = {name: f" {ORACLE_MARK}" if name in oracles else "" for name in style}
    return {name: Look(labels[name] + marks[name], found.colour, found.dash) for name, found in style.items()}


def how_many(summary: Mapping[str, Any], most: int = MOST, others: str = "") -> str:
    """Where more than ``most`` are there and not all are drawn: a line that says so, with the line's end before it.

    ``others`` is what becomes of the others, in words.
    """
    total = len(summary["policies"])
    return f"\n{most} of {total} policies: baseline, floor, ceiling and the best{others}" if total > most else ""


def oracle_note(summary: Mapping[str, Any]) -> str:
    """What the mark of oracles means, with the line's end before it; nothing where there is none."""
    return f"\n{ORACLE}" if any(policy["oracle"] for policy in summary["policies"].values()) else ""


def plain(text: str, longest: int = LONGEST) -> str:
    """``text`` for Matplotlib to write as it is: one line without formulas, its middle left out where it is long.

    What cannot be printed is written as Python would write it. A leading underscore, at which legends leave a line out,
    has a space before it.
    """
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    shown = cut(shown, longest)
    return (" " if shown.startswith("_") else "") + shown.replace("$", r"\$")


def cut(text: str, longest: int = LONGEST) -> str:
    """``text`` with its middle left out where it is long."""
    return text if len(text) <= longest else f"{text[: longest // 2]}…{text[len(text) - (longest - 1) // 2 :]}"


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
