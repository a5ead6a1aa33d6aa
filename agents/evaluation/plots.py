"""Plots as functions of the results tables. No ``pyplot``: they need no display, whatever MPLBACKEND says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from driftrec.agents.evaluation.behaviour_plot import behaviour, told_behaviour
from driftrec.agents.evaluation.drawing import BLANK, draw_lines, empty_figure
from driftrec.agents.evaluation.journey import interest_journey
from driftrec.agents.evaluation.palette import styles
from driftrec.agents.evaluation.summary import Results
from driftrec.agents.evaluation.tables import (
    MARK,
    MINUTES,
    ORACLE_MARK,
    by_engagement,
    in_unit,
    marked,
    sample_size,
    unit_of,
)
from driftrec.agents.evaluation.training_plot import training_curve

DPI = 130


def engagement_per_policy(summary: Mapping[str, Any]) -> Figure:
    """Bars of mean engagement by policy, best on top, with the intervals of the means.

    Args:
        summary: What ``summarise`` returned.
    """
    names = by_engagement(summary)[::-1]
    found = [summary["policies"][name]["engagement"] for name in names]
    means, low, high = (np.array([value[key] for value in found]) for key in ("mean", "low", "high"))
    rows = np.arange(len(names))
    style = styles(names)
    figure, axes = empty_figure(height=1.4 + 0.36 * len(names))
    axes.barh(rows, means, color=[style[name].colour for name in names], height=0.68)
    # Of skewed data the mean may lie outside of the interval, and a whisker has no negative length.
    whiskers = np.stack([means - low, high - means]).clip(min=0)  # (2, policies)
    axes.errorbar(means, rows, xerr=whiskers, fmt="none", ecolor="black", capsize=3, linewidth=1.2)
    for row, mean, end in zip(rows.tolist(), means, high, strict=True):
        axes.text(end + 0.012 * high.max(), row, f"{mean:,.1f}", va="center", fontsize=9, bbox=BLANK)
    for role in ("floor", "ceiling"):
        if summary[role] in names:
            _mark_level(axes, means[names.index(summary[role])], f"{role}: {summary[role]}")
    axes.set_yticks(rows, [marked(name, summary) for name in names])
    axes.set_xlim(0, 1.12 * high.max() or 1.0)  # nobody may have read a minute
    interval = f"{summary['interval']['level']:.0%} bootstrap interval"
    marks = f"{ORACLE_MARK} oracle, {MARK} not told apart from {summary['floor']}"
    axes.set_xlabel(
        f"{in_unit('engagement per user and episode', unit_of(summary))}, {interval}\n{sample_size(summary)}; {marks}"
    )
    axes.set_title(f"Long-term engagement in {summary['world']}", pad=18)
    axes.grid(axis="y", visible=False)
    return figure


def engagement_over_steps(steps: pd.DataFrame, *, window: int | None = None, unit: str = MINUTES) -> Figure:
    """Mean engagement of every step, all users counted (those gone have 0).

    Several training seeds are averaged; the band then reaches from the lowest to the highest end of their
    intervals.

    Args:
        steps: One row per policy, training seed and step.
        window: Steps of the centred rolling mean of lines and bands; a twentieth of the steps if not given.
            The axis label states it.
        unit: What engagement is counted in.

    Raises:
        ValueError: If ``window`` is not positive.
    """
    if window is not None and window < 1:
        raise ValueError(f"window must be 1 step or more, not {window}.")
    width = window or max(1, steps.step.nunique() // 20)
    lines = steps.groupby(["policy", "step"], sort=False).agg(
        {"engagement": "mean", "engagement_low": "min", "engagement_high": "max"}
    )
    figure, axes = empty_figure()
    drawn = {}
    for name in steps.policy.unique():
        smooth = lines.loc[name].sort_index().rolling(width, center=True, min_periods=1).mean()
        drawn[name] = smooth.engagement
        colour = styles(steps.policy.unique())[name].colour
        axes.fill_between(
            smooth.index, smooth.engagement_low, smooth.engagement_high, color=colour, alpha=0.15, linewidth=0
        )
    axes.set_ylim(bottom=0)
    draw_lines(axes, drawn)
    note = f"rolling mean of {width} steps" if width > 1 else "no smoothing"
    axes.set(
        xlabel=f"step ({note}; band: 95% intervals over users)",
        ylabel=in_unit("engagement per user and step", unit),
    )
    note = ", users who left count 0" if anyone_left(steps) else ""
    axes.set_title(f"Engagement over an episode{note}")
    return figure


def anyone_left(steps: pd.DataFrame) -> bool:
    """Whether any user was gone for good after any step, under any policy."""
    return bool((steps.alive < 1).any())


def while_anyone_is_there(steps: pd.DataFrame) -> pd.DataFrame:
    """The steps up to the one in which the last user of the last policy left; all where somebody stays to the end."""
    alive = steps.groupby("step").alive.max()
    empty = alive.index[alive == 0]
    return steps if empty.empty else steps[steps.step <= empty[0]]


def retention(steps: pd.DataFrame) -> Figure:
    """Share of the users who are not gone for good, after every step; training seeds are averaged.

    Args:
        steps: One row per policy, training seed and step.
    """
    alive = steps.groupby(["policy", "step"], sort=False).alive.mean()
    figure, axes = empty_figure()
    axes.set_ylim(0, 1)  # before the names, which stand at heights of the panel
    draw_lines(axes, {name: alive.loc[name].sort_index() for name in steps.policy.unique()})
    for line in axes.lines:
        line.set_clip_on(False)  # at 0 and 100 % the panel's edge would cut them in half
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set(xlabel="step", ylabel="users not gone for good")
    axes.set_title("Retention")
    return figure


def save_all(
    folder: str | Path,
    results: Results,
    *,
    curve: pd.DataFrame | None = None,
    reference: Mapping[str, float] | None = None,
) -> list[Path]:
    """Draw every plot the tables allow and write them as PNG.

    Args:
        folder: Where to; made if absent. Files of the same name are replaced.
        results: Tables and summary of a comparison. Without journeys or behaviour their plots are left out, and that
            of retention where nobody left.
        curve: Training log; without it there is no training plot.
        reference: Levels in the training plot; the summary's floor and ceiling if not given.

    Returns:
        The files written.
    """
    steps = while_anyone_is_there(results.steps)
    figures = {
        "engagement_per_policy": engagement_per_policy(results.summary),
        "engagement_over_steps": engagement_over_steps(steps, unit=unit_of(results.summary)),
    }
    if anyone_left(steps):
        figures["retention"] = retention(steps)
    if told_behaviour(steps):
        figures["behaviour"] = behaviour(steps)
    if not results.journeys.empty:
        figures["interest_journey"] = interest_journey(results.journeys, results.steps.step.nunique())
    if curve is not None:
        figures["training_curve"] = training_curve(curve, reference or _ends(results.summary), unit_of(results.summary))
    where = Path(folder)
    where.mkdir(parents=True, exist_ok=True)
    files = [where / f"{name}.png" for name in figures]
    for file, figure in zip(files, figures.values(), strict=True):
        figure.savefig(file, dpi=DPI)
    return files


def _ends(summary: Mapping[str, Any]) -> dict[str, float]:
    """Mean engagement of floor and ceiling, as far as they were evaluated."""
    names = [summary[role] for role in ("floor", "ceiling") if summary[role] in summary["policies"]]
    return {name: summary["policies"][name]["engagement"]["mean"] for name in names}


def _mark_level(axes: Axes, level: float, name: str) -> None:
    """A dotted vertical line with its name above the panel."""
    axes.axvline(level, color="0.35", linestyle=":", linewidth=1, zorder=0)
    place: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "ha": "center", "va": "bottom"}
    axes.text(level, 1.005, name, fontsize=8, color="0.35", **place)
