"""Colours and dashes that a policy keeps in every plot, told apart by colour-blind readers too."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator

from driftrec.agents.known import KNOWN, ORACLE_DASH, Style

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
    comparison too.

    Args:
        names: At most as many unknown ones as there are ``SPARE`` ones.
        oracles: Those among them whose lines are broken.

    Raises:
        ValueError: If there are more names than colours.
    """
    wanted = list(dict.fromkeys(names))
    own = sorted(set(wanted) - set(KNOWN))
    if len(own) > len(SPARE):
        raise ValueError(f"{len(own)} policies of your own are more than the {len(SPARE)} colours for them.")
    taken: dict[int, str] = {}
    for name in own:
        taken[next(place for place in _places(name) if place not in taken)] = name
    spare = {name: SPARE[place] for place, name in taken.items()}
    found = {name: KNOWN[name].style if name in KNOWN else spare[name] for name in wanted}
    return {name: Style(style.colour, ORACLE_DASH) if name in oracles else style for name, style in found.items()}


def _places(name: str) -> Iterator[int]:
    """Numbers of the spare colours, those that suit a name best first."""
    first = zlib.crc32(name.encode("utf-8", "surrogatepass"))
    return ((first + step) % len(SPARE) for step in range(len(SPARE)))
