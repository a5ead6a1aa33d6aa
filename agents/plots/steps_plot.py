"""Engagement and retention step by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from driftrec.agents.evaluation.tables import in_unit
from driftrec.agents.plots.drawing import bin_width, binned, draw_lines, empty_figure, in_words, label_right
from driftrec.agents.plots.looks import how_many, looks, oracle_note, plain

ALIKE = 0.02
"""Lines that are never farther apart than this share of the panel's height lie on one another."""


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
    look, width = looks(summary), bin_width(steps) if width is None else width
    figure, axes = empty_figure([policy.label for policy in look.values()])
    lines = engagement_lines(steps, look, width)
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
    axes.set_title(f"Engagement over an episode{note}{how_many(summary)}")
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
    look = looks(summary)
    figure, axes = empty_figure([policy.label for policy in look.values()])
    axes.set_ylim(0, 1)  # before the names, which stand at heights of the panel
    lines = retention_lines(steps, look)
    draw_lines(axes, lines, look, steps=False)
    label_right(figure, axes, {name: line.iloc[-1] for name, line in lines.items()}, look)
    for line in axes.lines:
        line.set_clip_on(False)  # at 0 and 100 % the panel's edge would cut them in half
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set(xlabel=f"after step{oracle_note(summary)}", ylabel="users not gone for good")
    axes.set_title(f"Retention{how_many(summary)}")
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
