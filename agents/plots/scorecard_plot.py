"""The plot of a scorecard: bars by experiment, several policies side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from driftrec.agents.evaluation.tables import ORACLE_MARK
from driftrec.agents.plots.drawing import ROW, plain_panel
from driftrec.agents.plots.looks import Look, looks_of, plain

LEFT, RIGHT = -0.5, 1.5
"""Where the picture ends at most; bars beyond say how far they go."""

BAR = 0.13
"""Inches of a bar."""


def scores(experiments: Sequence[Mapping[str, Any]], policies: Mapping[str, Mapping[str, Any]], title: str) -> Figure:
    """A group of bars an experiment, from the top, a bar a policy; whiskers are intervals.

    Args:
        experiments: Those of a card: ``name``, and ``scores`` by policy.
        policies: Of a card: by label, whether each is an ``oracle``.
        title: What stands above.
    """
    look = looks_of(policies, [label for label, about in policies.items() if about["oracle"]])
    group = max(0.34, BAR * (len(policies) + 1.5))  # inches
    columns = max(1, min(len(policies), 4))
    rows = -(-len(policies) // columns)
    figure = Figure(figsize=(8.2, 1.7 + group * len(experiments) + ROW * rows), layout="constrained")
    axes = figure.subplots()
    plain_panel(axes)
    axes.set_axisbelow(True)
    thick = BAR / group
    for place, (label, style) in enumerate(look.items()):
        offset = (place - (len(look) - 1) / 2) * thick
        _bars(axes, [made["scores"].get(label) for made in experiments], style, offset, thick)
    axes.set_yticks(np.arange(len(experiments)), [made["name"] for made in experiments])
    axes.set_ylim(len(experiments) - 0.5, -0.5)
    _frame(axes, experiments)
    handles = [Patch(facecolor=style.colour, edgecolor="black", linewidth=0.4) for style in look.values()]
    names = [style.label for style in look.values()]
    figure.legend(handles, names, loc="outside lower center", ncols=columns, frameon=False, fontsize=9)
    figure.suptitle(textwrap.fill(plain(title, longest=240), 76), fontsize=12)
    axes.set_xlabel("; ".join(["0 random, 1 the reference", "95 % interval", *_marks(experiments, policies)]))
    return figure


def _marks(experiments: Sequence[Mapping[str, Any]], policies: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What marks mean, of those that are there."""
    if any(about["oracle"] for about in policies.values()):
        yield f"{ORACLE_MARK} oracle"
    if any(label not in made["scores"] for made in experiments for label in policies):
        yield "x not measured"


def _bars(axes: Axes, found: Sequence[Mapping[str, Any] | None], look: Look, offset: float, thick: float) -> None:
    """One policy's bars; where it has no score, a cross of its colour at 0 says so."""
    for row, told in enumerate(found):
        where = row + offset
        if told is None:
            axes.plot(0, where, marker="x", markersize=4, color=look.colour, zorder=3)
            continue
        mean, low, high = (told["score"][end] for end in ("mean", "low", "high"))
        shown = float(np.clip(mean, LEFT, RIGHT))
        axes.barh(
            where, shown, height=0.92 * thick, color=look.colour, edgecolor="black", linewidth=0.3, zorder=2, gid="bar"
        )
        if mean != shown:
            _say(axes, where, shown, f"{mean:.1f}")
            continue
        for colour, width in (("white", 2.2), ("black", 0.9)):  # to be seen on any bar
            axes.plot(np.clip([low, high], LEFT, RIGHT), [where, where], color=colour, linewidth=width, zorder=3)


def _say(axes: Axes, where: float, end: float, words: str) -> None:
    """The number of a bar that goes beyond the picture, at its end."""
    right = end > 0
    axes.annotate(
        words,
        xy=(end, where),
        xytext=(2 if right else -2, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        fontsize=7,
    )


def _frame(axes: Axes, experiments: Sequence[Mapping[str, Any]]) -> None:
    """Lines at 0 and 1, as far to either side as bars go."""
    ends = [told["score"] for made in experiments for told in made["scores"].values()]
    low = min([0.0, *(max(LEFT, end["low"]) for end in ends)])
    high = max([1.0, *(min(RIGHT, end["high"]) for end in ends)])
    axes.set_xlim(low - 0.06, high + 0.08)
    axes.grid(axis="y", visible=False)
    for row in range(1, len(experiments), 2):  # which bars belong together
        axes.axhspan(row - 0.5, row + 0.5, color="0.96", linewidth=0, zorder=0)
    for level in (0.0, 1.0):
        axes.axvline(level, color="0.35", linewidth=1, linestyle="-" if level == 0 else ":", zorder=1)
