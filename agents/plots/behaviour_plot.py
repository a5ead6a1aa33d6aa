"""What policies do to their audience over the horizon, as small panels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftrec.agents.evaluation.behaviour import BEHAVIOUR
from driftrec.agents.plots.drawing import bin_width, binned, draw_lines, in_words, legend_below, plain_panel
from driftrec.agents.plots.looks import Look, how_many, looks, oracle_note

COLUMNS = 3
"""Panels side by side."""

FEWEST = 0.05
"""Share of the users who must still be there for a line to go on: means over a handful would hide all others."""


def told_behaviour(steps: pd.DataFrame) -> list[str]:
    """Those of ``BEHAVIOUR`` of which the steps table holds any number."""
    return [name for name in BEHAVIOUR if name in steps.columns and steps[name].notna().any()]


def behaviour(steps: pd.DataFrame, summary: Mapping[str, Any], *, width: int | None = None) -> Figure:
    """A panel for each of ``BEHAVIOUR`` that the table tells of, a line a policy; training seeds are averaged.

    A line ends where fewer than ``FEWEST`` of the users are left.

    Args:
        steps: One row per policy, training seed and step.
        summary: What ``summarise`` returned.
        width: Steps of a bin; ``bin_width`` of the table if not given. The figure states it.

    Raises:
        ValueError: If the table tells of no behaviour, as for a world without topics and sessions.
    """
    names = told_behaviour(steps)
    if not names:
        raise ValueError(f"The steps table holds no number in any of the columns {', '.join(BEHAVIOUR)}.")
    look, width = looks(summary), bin_width(steps) if width is None else width
    columns, rows = min(len(names), COLUMNS), -(-len(names) // COLUMNS)
    figure = Figure(figsize=(3.7 * columns, 1.2 + 2.9 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, name in zip(panels, names, strict=False):
        _panel(axes, steps, name, width, look)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    legend_below(figure, [policy.label for policy in look.values()], panels[0].get_lines())
    note = f"By step, {in_words(width)}; over users still there, while they are {FEWEST:.0%} or more"
    figure.suptitle(f"Behaviour over an episode{how_many(summary)}\n{note}{oracle_note(summary)}", fontsize=11)
    return figure


def _panel(axes: Axes, steps: pd.DataFrame, name: str, width: int, look: Mapping[str, Look]) -> None:
    """One measure of all policies."""
    means = steps.groupby(["policy", "step"], sort=False)[[name, "alive"]].mean()
    means[name] = means[name].where(means.alive >= FEWEST)
    lines = {policy: binned(pd.DataFrame(means.loc[policy]).sort_index(), width)[name] for policy in look}
    draw_lines(axes, lines, look, steps=True)
    axes.set_title(BEHAVIOUR[name], fontsize=9.5)
    axes.tick_params(labelsize=8)
    plain_panel(axes)
    axes.set_xlim(steps.step.min(), steps.step.max() + 1)  # the same in all panels, wherever their lines begin
