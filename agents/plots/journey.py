"""The plot of one user's interests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftrec.agents.evaluation.rollout import JOURNEYS
from driftrec.agents.plots.drawing import BLANK, legend_below
from driftrec.agents.plots.looks import OTHER_TOPICS, TOPIC_COLOURS, looks_of, plain

TOPICS = len(TOPIC_COLOURS)


def interest_journey(journeys: pd.DataFrame, summary: Mapping[str, Any], horizon: int) -> Figure:
    """How the interests of one user move under each policy of the table, a panel each.

    The topics that reach the highest interest in any panel are coloured and named, the others drawn in grey.
    Every other session is shaded. A user who leaves before the horizon is said to be gone. How the user was chosen is
    written below.

    All panels reach to ``horizon``, the steps of the comparison.

    Raises:
        ValueError: If the table is empty.
    """
    policies = list(journeys.policy.unique())
    if not policies:
        raise ValueError("The journeys table is empty; follow one user under at least one policy.")
    look = looks_of(policies, [name for name in policies if summary["policies"][name]["oracle"]])
    peaks = journeys.groupby("topic").interest.max().sort_values(ascending=False)
    colours = dict(zip(peaks.index[:TOPICS], TOPIC_COLOURS, strict=False))
    figure = Figure(figsize=(1.5 + 4.4 * len(policies), 4.6), layout="constrained")
    panels = figure.subplots(1, len(policies), sharex=True, sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, policies, strict=True):
        rows = journeys[journeys.policy == name]
        _journey(axes, rows, colours, look[name].label)
        _departure(axes, int(rows.step.max()), horizon)
        axes.set_xlabel("step (shaded: every other session)")
    panels[0].set_xlim(-0.5, horizon - 0.5)
    panels[0].set_ylabel("interest (cosine to the topic)")
    named = [line for line in panels[0].get_lines() if line.get_gid() is not None]
    grey = [line for line in panels[0].get_lines() if line.get_color() == OTHER_TOPICS][:1]
    labels = [plain(str(line.get_gid())) for line in named]
    legend_below(figure, labels + [f"the other {len(peaks) - len(named)} topics"] * len(grey), [*named, *grey])
    chosen = f"of the first {JOURNEYS} users, the one whose shortest stay under these policies is the longest"
    figure.suptitle(f"One user's interests under different policies\n{chosen}", fontsize=11)
    return figure


def _journey(axes: Axes, rows: pd.DataFrame, colours: Mapping[str, str], label: str) -> None:
    """One user's interests under one policy."""
    sessions = rows.drop_duplicates("step").sort_values("step")
    for number, (_, session) in enumerate(sessions.groupby("session")):
        if number % 2:
            axes.axvspan(session.step.min() - 0.5, session.step.max() + 0.5, color="0.94", linewidth=0, zorder=0)
    for topic, line in rows.sort_values("step").groupby("topic"):
        if topic not in colours:
            axes.plot(line.step, line.interest, color=OTHER_TOPICS, linewidth=0.7, zorder=1)
    for topic, colour in colours.items():
        line = rows[rows.topic == topic].sort_values("step")
        axes.plot(line.step, line.interest, color=colour, linewidth=1.9, gid=str(topic))
    days = (sessions.hours.max() - sessions.hours.min()) / 24
    axes.set_title(f"{label}\n{sessions.session.nunique()} sessions in {days:.1f} days", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)


def _departure(axes: Axes, last: int, horizon: int) -> None:
    """Say that the user is gone after step ``last``, if that is not the horizon."""
    if last >= horizon - 1:
        return
    axes.axvline(last, color="black", linewidth=1)
    right = last < 0.6 * horizon  # where there is more room
    place: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "ha": "left" if right else "right", "va": "top"}
    axes.text(last, 0.98, f"  gone for good after step {last}  ", fontsize=8, bbox=BLANK, **place)
