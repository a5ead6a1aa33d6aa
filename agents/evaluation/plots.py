"""Plots as functions of the results tables. No ``pyplot``: they need no display, whatever MPLBACKEND says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, PercentFormatter

from driftrec.agents.evaluation.behaviour_plot import behaviour, told_behaviour
from driftrec.agents.evaluation.curves import MEASURE, align_curves, split_runs
from driftrec.agents.evaluation.drawing import draw_lines, empty_figure, label_right
from driftrec.agents.evaluation.palette import TOPIC_COLOURS, styles
from driftrec.agents.evaluation.summary import Results
from driftrec.agents.evaluation.tables import MARK, ORACLE_MARK, by_engagement, marked, sample_size

DPI = 130
BLANK = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
TOPICS = len(TOPIC_COLOURS)


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
    axes.set_xlim(0, 1.12 * high.max())
    interval = f"{summary['interval']['level']:.0%} bootstrap interval"
    marks = f"{ORACLE_MARK} oracle, {MARK} not told apart from {summary['floor']}"
    axes.set_xlabel(f"engagement per user and episode (minutes), {interval}\n{sample_size(summary)}; {marks}")
    axes.set_title(f"Long-term engagement in {summary['world']}", pad=18)
    axes.grid(axis="y", visible=False)
    return figure


def engagement_over_steps(steps: pd.DataFrame, *, window: int | None = None) -> Figure:
    """Mean engagement of every step, all users counted (those gone read 0 minutes).

    Several training seeds are averaged; the band then reaches from the lowest to the highest end of their
    intervals.

    Args:
        steps: One row per policy, training seed and step.
        window: Steps of the centred rolling mean of lines and bands; a twentieth of the steps if not given.
            The axis label states it.

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
        ylabel="engagement per user (minutes a step)",
    )
    axes.set_title("Engagement over an episode, users who left count 0")
    return figure


def retention(steps: pd.DataFrame) -> Figure:
    """Share of the users who are not gone for good, after every step; training seeds are averaged.

    Args:
        steps: One row per policy, training seed and step.
    """
    alive = steps.groupby(["policy", "step"], sort=False).alive.mean()
    figure, axes = empty_figure()
    draw_lines(axes, {name: alive.loc[name].sort_index() for name in steps.policy.unique()})
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set(xlabel="step", ylabel="users not gone for good")
    axes.set_title("Retention")
    return figure


def interest_journey(journeys: pd.DataFrame) -> Figure:
    """How the interests of one user move under each policy of the table, a panel each.

    The topics that reach the highest interest in any panel are coloured and named, the others drawn in grey.
    Every other session is shaded.

    Args:
        journeys: One row per policy, step and topic, of one user.

    Raises:
        ValueError: If the table is empty.
    """
    policies = list(journeys.policy.unique())
    if not policies:
        raise ValueError("The journeys table is empty; follow one user under at least one policy.")
    peaks = journeys.groupby("topic").interest.max().sort_values(ascending=False)
    colours = dict(zip(peaks.index[:TOPICS], TOPIC_COLOURS, strict=False))
    figure = Figure(figsize=(1.5 + 4.4 * len(policies), 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(policies), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, policies, strict=True):
        _journey(axes, journeys[journeys.policy == name], colours)
        axes.set_xlabel("step (shaded: every other session)")
    panels[0].set_ylabel("interest (cosine to the topic)")
    handles = [line for line in panels[0].get_lines() if not str(line.get_label()).startswith("_")]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(TOPICS, 3), frameon=False, fontsize=9)
    figure.suptitle("One user's interests under different policies", fontsize=12)
    return figure


def training_curve(curve: pd.DataFrame, reference: Mapping[str, float] | None = None) -> Figure:
    """Engagement per episode over training, and what other policies reach.

    Several runs are drawn thin, with their mean up to where the shortest ends.

    Args:
        curve: Training log with ``env_steps``, ``mean_episode_engagement`` and, for several runs,
            ``training_seed``.
        reference: Mean engagement (minutes an episode) of other policies, drawn as horizontal lines.

    Raises:
        ValueError: If the log is empty or lacks a column.
    """
    levels = dict(reference or {})
    style = styles(["ppo", *levels])
    aligned = align_curves(curve)
    runs = split_runs(curve)
    figure, axes = empty_figure()
    if len(runs) > 1:
        for run in runs.values():
            axes.plot(run.env_steps, run[MEASURE], color=style["ppo"].colour, alpha=0.35, linewidth=0.9)
        axes.plot(aligned.env_steps, aligned["mean"], color=style["ppo"].colour, linewidth=2.2)
    else:
        axes.plot(curve.env_steps, curve[MEASURE], color=style["ppo"].colour, linewidth=2)
    for name, level in levels.items():
        axes.axhline(level, color=style[name].colour, linestyle="--", linewidth=1.3)
    if levels:
        label_right(axes, levels, style)
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    count = f"thin: {len(runs)} runs, thick: their mean" if len(runs) > 1 else "one run"
    axes.set(xlabel=f"environment steps ({count})", ylabel="engagement per episode (minutes)")
    axes.set_title("Training")
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
        results: Tables and summary of a comparison. Without journeys or behaviour their plots are left out.
        curve: Training log; without it there is no training plot.
        reference: Horizontal lines of the training plot; the summary's floor and ceiling if not given.

    Returns:
        The files written.
    """
    figures = {
        "engagement_per_policy": engagement_per_policy(results.summary),
        "engagement_over_steps": engagement_over_steps(results.steps),
        "retention": retention(results.steps),
    }
    if told_behaviour(results.steps):
        figures["behaviour"] = behaviour(results.steps)
    if not results.journeys.empty:
        figures["interest_journey"] = interest_journey(results.journeys)
    if curve is not None:
        figures["training_curve"] = training_curve(curve, reference or _ends(results.summary))
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


def _journey(axes: Axes, rows: pd.DataFrame, colours: Mapping[str, str]) -> None:
    """One user's interests under one policy."""
    sessions = rows.drop_duplicates("step").sort_values("step")
    for number, (_, session) in enumerate(sessions.groupby("session")):
        if number % 2:
            axes.axvspan(session.step.min() - 0.5, session.step.max() + 0.5, color="0.94", linewidth=0, zorder=0)
    for topic, line in rows.sort_values("step").groupby("topic"):
        if topic not in colours:
            axes.plot(line.step, line.interest, color="0.8", linewidth=0.7, zorder=1)
    for topic, colour in colours.items():
        line = rows[rows.topic == topic].sort_values("step")
        axes.plot(line.step, line.interest, color=colour, linewidth=1.9, label=str(topic))
    days = (sessions.hours.max() - sessions.hours.min()) / 24
    axes.set_title(f"{rows.policy.iloc[0]}\n{sessions.session.nunique()} sessions in {days:.1f} days", fontsize=10)
    axes.margins(x=0)
    axes.spines[["top", "right"]].set_visible(False)
