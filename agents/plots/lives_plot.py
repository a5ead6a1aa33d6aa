"""The plot of one user's life under several policies: what was shown and taken, and what it did to the user."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from driftrec.agents.evaluation.tables import ORACLE_MARK
from driftrec.agents.known import ORACLE_DASH
from driftrec.agents.plots.drawing import legend_below
from driftrec.agents.plots.looks import OTHER_TOPICS, TOPIC_COLOURS, Look, plain

PALE = 0.82
"""How far the colour of what was shown and not opened is on its way to white."""

PALE_GREY = 0.4
"""The same of grey, which would look like no slate at all."""

NO_TOPIC = "#333333"
"""Of items without a topic."""


CELLS = "cells: items shown; full where opened, pale where not"
BY_TOPIC = "; colours are topics"


def user_lives(
    impressions: pd.DataFrame, hidden: pd.DataFrame, look: Mapping[str, Look], title: str, unit: str
) -> Figure:
    """A column a policy; the slates above, and below them every kind of hidden number, all by step.

    A slate is a column of cells, its first position on top, in the colour of the item's topic: full where it was
    opened, pale where it was not. The topics that were opened most have colours, the others are grey. Every other
    session is shaded. A column ends where the user left for good.

    Args:
        impressions: Of ``driftrec.agents.evaluation.follow.Life``, with a column ``policy``.
        hidden: The same.
        look: Of the policies, in their order.
        title: What stands above.
        unit: What engagement is counted in.
    """
    kinds = list(hidden.kind.unique())
    colours = dict(zip(_main_topics(impressions, hidden), TOPIC_COLOURS, strict=False))
    figure = Figure(figsize=(1.4 + 5.2 * len(look), 2.6 + 1.5 * len(kinds)), layout="constrained")
    heights = [1.0 + 0.05 * (impressions.position.max() + 1), *[1.0] * len(kinds)]
    panels = figure.subplots(1 + len(kinds), len(look), sharex=True, sharey="row", squeeze=False, height_ratios=heights)
    for column, (name, policy) in zip(panels.T, look.items(), strict=True):
        shown = impressions[impressions.policy == name]
        _slates(column[0], shown, colours)
        column[0].set_title(_caption(policy.label, shown, unit), fontsize=10)
        for axes, kind in zip(column[1:], kinds, strict=True):
            _numbers(axes, hidden[(hidden.policy == name) & (hidden.kind == kind)], colours)
            _shade(axes, shown)
        column[-1].set_xlabel("step" + " (shaded: every other session)" * bool(impressions.session.max() > 1))
        column[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes, label in zip(panels[:, 0], ["position", *kinds], strict=True):
        axes.set_ylabel(plain(label))
    _legend(figure, colours, impressions)
    told = any(policy.dash == ORACLE_DASH for policy in look.values())
    note = f"{BY_TOPIC * bool((impressions.topic != '').any())}{f'; {ORACLE_MARK} oracle' * told}"
    figure.suptitle(f"{textwrap.fill(plain(title, longest=240), 60 * len(look))}\n{CELLS}{note}", fontsize=11)
    return figure


def _main_topics(impressions: pd.DataFrame, hidden: pd.DataFrame) -> Sequence[str]:
    """Topics by openings; where items have none, those of the hidden numbers by the highest value."""
    opened = impressions[impressions.clicked & (impressions.topic != "")]
    if len(opened):
        return list(opened.topic.value_counts().index)
    of_topics = hidden[hidden.topic != ""]
    return list(of_topics.groupby("topic").value.max().sort_values(ascending=False).index)


def _slates(axes: Axes, shown: pd.DataFrame, colours: Mapping[str, str]) -> None:
    """Cells of all slates of a policy."""
    cells: NDArray[np.float64] = np.ones((shown.position.max() + 1, shown.step.max() + 1, 3))
    full = np.array([to_rgb(colours.get(topic, OTHER_TOPICS if topic else NO_TOPIC)) for topic in shown.topic])
    grey = shown.topic.map(lambda topic: bool(topic) and topic not in colours).to_numpy()[:, None]
    pale = full + np.where(grey, PALE_GREY, PALE) * (1.0 - full)
    cells[shown.position, shown.step] = np.where(shown.clicked.to_numpy()[:, None], full, pale)
    positions, steps = cells.shape[:2]
    axes.imshow(cells, aspect="auto", interpolation="nearest", extent=(0.5, steps + 0.5, positions + 0.5, 0.5))
    axes.set_yticks([1, positions])


def _numbers(axes: Axes, rows: pd.DataFrame, colours: Mapping[str, str]) -> None:
    """One kind of hidden number, a line a topic."""
    for topic, line in rows.groupby("topic", sort=False):
        colour = colours.get(str(topic), OTHER_TOPICS if topic else "black")
        thin = colour == OTHER_TOPICS
        axes.plot(line.step, line.value, color=colour, linewidth=0.7 if thin else 1.6, zorder=1 + (not thin))
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0)


def _shade(axes: Axes, shown: pd.DataFrame) -> None:
    """Every other session."""
    for number, (_, session) in enumerate(shown.groupby("session")):
        if number % 2:
            axes.axvspan(session.step.min() + 0.5, session.step.max() + 1.5, color="0.94", linewidth=0, zorder=0)


def _caption(label: str, shown: pd.DataFrame, unit: str) -> str:
    """A policy, and what its user's life came to."""
    slates, sessions = shown.step.nunique(), shown.session.nunique()
    when = f" in {sessions} sessions, {shown.time.max() / 24:.1f} days" if sessions > 1 else ""
    opened = f"{int(shown.clicked.sum()):,} of {len(shown):,} opened, {shown.engagement.sum():,.1f} {plain(unit)}"
    return f"{label}\n{opened}\n{slates} slates{when}"


def _legend(figure: Figure, colours: Mapping[str, str], impressions: pd.DataFrame) -> None:
    """Topics that have colours, and what the others look like."""
    names = [plain(name) for name in colours]
    colour = list(colours.values())
    if len({*impressions.topic} - {*colours, ""}):
        names, colour = [*names, "other topics"], [*colour, OTHER_TOPICS]
    if names:
        legend_below(figure, names, [Line2D([], [], color=each, linewidth=4) for each in colour])
