"""Colours and dashes that a policy keeps in every plot, told apart by colour-blind readers too."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

Dash = str | tuple[int, tuple[float, ...]]

ORACLE_DASH: Dash = "--"
"""Broken lines like this are oracles', and no others'."""


@dataclass(frozen=True)
class Style:
    """How a policy is drawn.

    Attributes:
        colour: Hex colour.
        dash: Matplotlib line style.
    """

    colour: str
    dash: Dash = "-"


# Partly from the schemes of Paul Tol and of Okabe and Ito, the rest found by adding the colour that is farthest from
# all before it. In CIELAB units, for normal sight and for protan-, deuter- and tritanopes (model of Machado et al.
# 2009), the known colours stay 13 apart or more, and all 8, those of one dash 10.
KNOWN = {
    "random": Style("#AAAAAA", ":"),
    "planner": Style("#000000", ORACLE_DASH),
    "ppo": Style("#EE3377"),
    "farsighted": Style("#661100", "-."),  # PPO starts from it, and the two lines often lie on each other
    "myopic": Style("#332288"),
    "myopic-oracle": Style("#33BBEE", ORACLE_DASH),
    "popular": Style("#997700"),
    "content": Style("#117733"),
    "epsilon-content": Style("#E69F00", "-."),
    "linucb": Style("#AA4499"),
    "slateq": Style("#4B4BFF"),
    "ppo-sampled": Style("#E14BFF", ":"),
    "mmr": Style("#8778D2", "-."),
    "sb3-ppo": Style("#78C35A"),
    "sb3-sac": Style("#004B4B", "-."),
    "quality": Style("#780FB4", "-."),
    "bayes": Style("#B41E1E"),
}
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
    found = {name: KNOWN.get(name) or spare[name] for name in wanted}
    return {name: Style(style.colour, ORACLE_DASH) if name in oracles else style for name, style in found.items()}


def _places(name: str) -> Iterator[int]:
    """Numbers of the spare colours, those that suit a name best first."""
    first = zlib.crc32(name.encode("utf-8", "surrogatepass"))
    return ((first + step) % len(SPARE) for step in range(len(SPARE)))
