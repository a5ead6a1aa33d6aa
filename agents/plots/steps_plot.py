"""Engagement, retention and what policies do to their audience, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from driftrec.agents.evaluation.behaviour import BEHAVIOUR
from driftrec.agents.evaluation.tables import in_unit
from driftrec.agents.plots.drawing import (
    bin_width,
    binned,
    draw_lines,
    draw_others,
    empty_figure,
    in_words,
    label_right,
    legend_below,
    plain_panel,
)
from driftrec.agents.plots.looks import MOST_LINES, Look, how_many, line_looks, oracle_note, plain

ALIKE = 0.02
"""Lines that are never farther apart than this share of the panel's height lie on one another."""

COLUMNS = 3
"""Panels side by side."""

GREY = "; the others grey"

FEWEST = 0.05
"""Share of the users who must still be there for a line to go on: means over a handful would hide all others."""


def engagement_over_steps(steps: pd.DataFrame, summary: Mapping[str, Any], *, width: int | None = None) -> Figure:
    """Mean engagement of every step, or of bins of steps where there are many; all users counted (those gone have 0).

    Several training seeds are averaged; the band then reaches from the lowest to the highest end of their
    intervals. The interval of a bin is the mean of its steps', which is never too narrow.

    Args:
        steps: One row per policy, training seed and step.
        summary: What ``summarise`` returned.
        width: Steps of a bin; ``bin_width`` of the table if not given. The axis label states it.

    Raises:
        ValueError: If ``width`` is not positive.
    """
    look, width = line_looks(summary), bin_width(steps) if width is None else width
    figure, axes = empty_figure([policy.label for policy in look.values()])
    lines = engagement_lines(steps, look, width)
    rest = engagement_lines(steps, [name for name in summary["policies"] if name not in look], width)
    draw_others(axes, [line.engagement for line in rest.values()], steps=True)
    for name, line in lines.items():
        ends = line.engagement_low, line.engagement_high
        axes.fill_between(line.index, *ends, color=look[name].colour, alpha=0.15, linewidth=0, step="post")
    draw_lines(axes, {name: line.engagement for name, line in lines.items()}, look, steps=True)
    axes.set_ylim(bottom=0)
    label_right(figure, axes, {name: line.engagement.iloc[-1] for name, line in lines.items()}, look)
    axes.set(
        xlabel=f"step ({in_words(width)}; band: 95% intervals over users){oracle_note(summary)}",
        ylabel=plain(in_unit("engagement per user and step", summary["unit"]), longest=60),
    )
    note = ", users who left count 0" if anyone_left(steps) else ""
    axes.set_title(f"Engagement over an episode{note}{how_many(summary, MOST_LINES, GREY)}")
    return figure


def anyone_left(steps: pd.DataFrame) -> bool:
    """Whether any user was gone for good after any step, under any policy."""
    return bool((steps.alive < 1).any())


def while_anyone_is_there(steps: pd.DataFrame) -> pd.DataFrame:
    """The steps up to the one in which the last user of the last policy left; all where somebody stays to the end."""
    alive = steps.groupby("step").alive.max()
    empty = alive.index[alive == 0]
    return steps if empty.empty else steps[steps.step <= empty[0]]


def retention(steps: pd.DataFrame, summary: Mapping[str, Any]) -> Figure:
    """Share of the users who are not gone for good, after every step; training seeds are averaged."""
    look = line_looks(summary)
    figure, axes = empty_figure([policy.label for policy in look.values()])
    axes.set_ylim(0, 1)  # before the names, which stand at heights of the panel
    lines = retention_lines(steps, look)
    rest = retention_lines(steps, [name for name in summary["policies"] if name not in look])
    draw_others(axes, list(rest.values()), steps=False)
    draw_lines(axes, lines, look, steps=False)
    label_right(figure, axes, {name: line.iloc[-1] for name, line in lines.items()}, look)
    for line in axes.lines:
        line.set_clip_on(False)  # at 0 and 100 % the panel's edge would cut them in half
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set(xlabel=f"after step{oracle_note(summary)}", ylabel="users not gone for good")
    axes.set_title(f"Retention{how_many(summary, MOST_LINES, GREY)}")
    return figure


def one_line(lines: Mapping[str, pd.Series[float]]) -> bool:
    """Whether more than half of the lines, and at least two, lie on one another: their picture says nothing.

    The panel reaches from 0 to the highest of them.
    """
    heights = np.stack([line.to_numpy(np.float64) for line in lines.values()])  # (policies, places)
    apart = np.abs(heights[:, None] - heights).max(axis=2)  # (policies, policies)
    together = int((apart <= ALIKE * heights.max()).sum(axis=1).max())
    return together >= 2 and 2 * together > len(heights)


def retention_lines(steps: pd.DataFrame, drawn: Iterable[str]) -> dict[str, pd.Series[float]]:
    """Share of users not gone after every step, of each policy."""
    alive = steps.groupby(["policy", "step"], sort=False).alive.mean()
    return {name: alive.loc[name].sort_index() for name in drawn}


def retention_says_something(steps: pd.DataFrame, drawn: Iterable[str]) -> bool:
    """Whether anybody left, and not at the same times under most of the policies ``drawn``."""
    return anyone_left(steps) and not one_line(retention_lines(steps, drawn))


def engagement_lines(steps: pd.DataFrame, drawn: Iterable[str], width: int) -> dict[str, pd.DataFrame]:
    """Engagement and its band in bins, of each policy."""
    means = steps.groupby(["policy", "step"], sort=False).agg(
        {"engagement": "mean", "engagement_low": "min", "engagement_high": "max"}
    )
    return {name: binned(pd.DataFrame(means.loc[name]).sort_index(), width) for name in drawn}


def told_behaviour(steps: pd.DataFrame) -> list[str]:
    """Those of ``BEHAVIOUR`` of which the steps table holds any number."""
    return [name for name in BEHAVIOUR if name in steps.columns and steps[name].notna().any()]


def behaviour(steps: pd.DataFrame, summary: Mapping[str, Any], *, width: int | None = None) -> Figure:
    """A panel for each of ``BEHAVIOUR`` that the table tells of, a line a policy; training seeds are averaged.

    A line ends where fewer than ``FEWEST`` of the users are left. Arguments as of ``engagement_over_steps``.

    Raises:
        ValueError: If the table tells of no behaviour, as for a world without topics and sessions.
    """
    names = told_behaviour(steps)
    if not names:
        raise ValueError(f"The steps table holds no number in any of the columns {', '.join(BEHAVIOUR)}.")
    look, width = line_looks(summary), bin_width(steps) if width is None else width
    columns, rows = min(len(names), COLUMNS), -(-len(names) // COLUMNS)
    figure = Figure(figsize=(3.7 * columns, 1.2 + 2.9 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, name in zip(panels, names, strict=False):
        _panel(axes, steps, name, width, look)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    legend_below(figure, [policy.label for policy in look.values()], panels[0].get_lines())
    note = f"By step, {in_words(width)}; over users still there, while they are {FEWEST:.0%} or more"
    figure.suptitle(
        f"Behaviour over an episode{how_many(summary, MOST_LINES)}\n{note}{oracle_note(summary)}", fontsize=11
    )
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
