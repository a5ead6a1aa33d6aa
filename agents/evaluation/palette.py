"""Colours and dashes that a policy keeps in every plot, told apart by colour-blind readers too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Dash = str | tuple[int, tuple[float, ...]]


@dataclass(frozen=True)
class Style:
    """How a policy is drawn.

    Attributes:
        colour: Hex colour.
        dash: Matplotlib line style.
    """

    colour: str
    dash: Dash = "-"


# Chosen from the schemes of Paul Tol and of Okabe and Ito. The known colours stay at least 19 CIELAB units apart for
# normal sight and for protan-, deuter- and tritanopes (model of Machado et al. 2009).
KNOWN = {
    "random": Style("#AAAAAA", ":"),
    "planner": Style("#000000", "--"),
    "ppo": Style("#EE3377"),
    "farsighted": Style("#661100", "--"),  # PPO starts from it, and the two lines often lie on each other
    "myopic": Style("#332288"),
    "myopic-oracle": Style("#33BBEE", "--"),
    "popular": Style("#997700"),
    "content": Style("#117733"),
    "epsilon-content": Style("#E69F00", "-."),
    "linucb": Style("#AA4499"),
}
SPARE_COLOURS = ("#44AA99", "#EE7733", "#DDCC77")
SPARE_DASHES: tuple[Dash, ...] = ("-", "--", "-.", (0, (1, 1)))
TOPIC_COLOURS = ("#332288", "#CC6677", "#117733", "#88CCEE", "#AA4499", "#DDCC77")


def styles(names: Iterable[str]) -> dict[str, Style]:
    """Style of every name.

    This package's policies have fixed ones. Others take spare ones in alphabetical order, so that the same
    set of policies looks the same in every plot.
    """
    wanted = list(names)
    colours = len(SPARE_COLOURS)
    spare = {
        name: Style(SPARE_COLOURS[i % colours], SPARE_DASHES[i // colours % len(SPARE_DASHES)])
        for i, name in enumerate(sorted(set(wanted) - set(KNOWN)))
    }
    return {name: KNOWN.get(name) or spare[name] for name in wanted}
