"""What policies do to their audience over the horizon, as small panels."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from driftrec.agents.evaluation.behaviour import BEHAVIOUR
from driftrec.agents.evaluation.palette import styles

COLUMNS = 3
"""Panels side by side."""

FEWEST = 0.05
"""Share of the users who must still be there for a line to go on: means over a handful would hide all others."""


def told_behaviour(steps: pd.DataFrame) -> list[str]:
    """Those of ``BEHAVIOUR`` of which the steps table holds any number."""
    return [name for name in BEHAVIOUR if name in steps.columns and steps[name].notna().any()]


def behaviour(steps: pd.DataFrame, *, window: int | None = None) -> Figure:
    """A panel for each of ``BEHAVIOUR`` that the table tells of, a line a policy; training seeds are averaged.

    A line ends where fewer than ``FEWEST`` of the users are left.

    Args:
        steps: One row per policy, training seed and step.
        window: Steps of the centred rolling mean; a twentieth of the steps if not given. The figure states it.

    Raises:
        ValueError: If the table tells of no behaviour, as for a world without topics and sessions.
    """
    names = told_behaviour(steps)
    if not names:
        raise ValueError(f"The steps table holds no number in any of the columns {', '.join(BEHAVIOUR)}.")
    width = window or max(1, steps.step.nunique() // 20)
    rows = -(-len(names) // COLUMNS)
    figure = Figure(figsize=(3.7 * min(len(names), COLUMNS), 1.0 + 2.9 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, min(len(names), COLUMNS), squeeze=False).ravel()
    for axes, name in zip(panels, names, strict=False):
        _panel(axes, steps, name, width)
    handles = panels[0].get_lines()
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    if len(panels) > len(names):
        panels[-1].legend(handles=handles, loc="center", ncols=1 + len(handles) // 10, frameon=False, fontsize=9)
    else:
        figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    note = f"rolling mean of {width} steps" if width > 1 else "no smoothing"
    figure.supxlabel(f"step ({note}; over users still there, while they are {FEWEST:.0%} or more)", fontsize=10)
    figure.suptitle("Behaviour over an episode", fontsize=12)
    return figure


def _panel(axes: Axes, steps: pd.DataFrame, name: str, width: int) -> None:
    """One measure of all policies."""
    policies = list(steps.policy.unique())
    means = steps.groupby(["policy", "step"], sort=False)[[name, "alive"]].mean()
    for policy, style in styles(policies).items():
        rows = means.loc[policy].sort_index()
        line = rows[name].rolling(width, center=True, min_periods=1).mean().where(rows.alive >= FEWEST)
        axes.plot(line.index, line, color=style.colour, linestyle=style.dash, linewidth=1.5, label=policy)
    axes.set_title(BEHAVIOUR[name], fontsize=9.5)
    axes.tick_params(labelsize=8)
    axes.grid(color="0.9", linewidth=0.8)
    axes.set_xlim(steps.step.min(), steps.step.max())  # the same in all panels, wherever their lines begin
    axes.spines[["top", "right"]].set_visible(False)
