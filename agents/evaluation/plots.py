"""Plots as functions of the results tables. No ``pyplot``: they need no display, whatever MPLBACKEND says."""

from __future__ import annotations

import re
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from driftrec.agents.evaluation.behaviour_plot import behaviour, told_behaviour
from driftrec.agents.evaluation.bins import bin_width, binned, in_words
from driftrec.agents.evaluation.drawing import BLANK, draw_lines, empty_figure, label_right
from driftrec.agents.evaluation.journey import interest_journey
from driftrec.agents.evaluation.looks import how_many, looks, oracle_note, plain
from driftrec.agents.evaluation.summary import Results
from driftrec.agents.evaluation.tables import (
    MARK,
    ORACLE_MARK,
    by_engagement,
    in_unit,
    like_floor,
    sample_size,
    unit_of,
)
from driftrec.agents.evaluation.training_plot import training_curve

DPI = 130

ALIKE = 0.02
"""Lines that are never farther apart than this share of the panel's height lie on one another."""


def engagement_per_policy(summary: Mapping[str, Any]) -> Figure:
    """Bars of mean engagement by policy, best on top, with the intervals of the means.

    Args:
        summary: What ``summarise`` returned.
    """
    look = looks(summary)
    names = [name for name in by_engagement(summary)[::-1] if name in look]
    found = [summary["policies"][name]["engagement"] for name in names]
    means, low, high = (np.array([value[key] for value in found]) for key in ("mean", "low", "high"))
    rows = np.arange(len(names))
    labels = [look[name].label + f" {MARK}" * like_floor(name, summary) for name in names]
    figure, axes = empty_figure(labels, rows=0.36, least=1.9)
    axes.barh(rows, means, color=[look[name].colour for name in names], height=0.68)
    # Of skewed data the mean may lie outside of the interval, and a whisker has no negative length.
    whiskers = np.stack([means - low, high - means]).clip(min=0)  # (2, policies)
    axes.errorbar(means, rows, xerr=whiskers, fmt="none", ecolor="black", capsize=3, linewidth=1.2)
    for row, mean, end in zip(rows.tolist(), means, high, strict=True):
        axes.text(end + 0.012 * high.max(), row, f"{mean:,.1f}", va="center", fontsize=9, bbox=BLANK)
    for line, role in enumerate(("floor", "ceiling")):
        if summary[role] in names:
            _mark_level(axes, means[names.index(summary[role])], f"{role}: {look[summary[role]].label}", line)
    axes.set_yticks(rows, labels)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_xlim(0, 1.12 * high.max() or 1.0)  # nobody may have read a minute
    interval = f"{summary['interval']['level']:.0%} bootstrap interval"
    marks = f"{ORACLE_MARK} oracle, {MARK} not told apart from {plain(summary['floor'])}"
    unit = plain(in_unit("engagement per user and episode", unit_of(summary)), longest=80)
    axes.set_xlabel(f"{unit}, {interval}\n{sample_size(summary)}; {marks}{how_many(summary)}")
    title = plain(f"Long-term engagement in {summary['world']}", longest=240)
    figure.suptitle(textwrap.fill(title, 76), fontsize=12)
    axes.grid(axis="y", visible=False)
    return figure


def engagement_over_steps(steps: pd.DataFrame, summary: Mapping[str, Any], *, width: int | None = None) -> Figure:
    """Mean engagement of every step, or of bins of steps where there are many; all users counted (those gone have 0).

    Several training seeds are averaged; the band then reaches from the lowest to the highest end of their
    intervals. The interval of a bin is the mean of its steps', which is never too narrow.

    Args:
        steps: One row per policy, training seed and step.
        summary: What ``summarise`` returned.
        width: Steps of a bin; as few as give no more than ``FINEST`` bins if not given. The axis label states it.

    Raises:
        ValueError: If ``width`` is not positive.
    """
    look, width = looks(summary), bin_width(steps) if width is None else width
    figure, axes = empty_figure([policy.label for policy in look.values()])
    lines = _engagement(steps, look, width)
    for name, line in lines.items():
        ends = line.engagement_low, line.engagement_high
        axes.fill_between(line.index, *ends, color=look[name].colour, alpha=0.15, linewidth=0, step="post")
    draw_lines(axes, {name: line.engagement for name, line in lines.items()}, look, steps=True)
    axes.set_ylim(bottom=0)
    label_right(figure, axes, {name: line.engagement.iloc[-1] for name, line in lines.items()}, look)
    axes.set(
        xlabel=f"step ({in_words(width)}; band: 95% intervals over users){oracle_note(summary)}",
        ylabel=plain(in_unit("engagement per user and step", unit_of(summary)), longest=60),
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
    """Share of the users who are not gone for good, after every step; training seeds are averaged.

    Args:
        steps: One row per policy, training seed and step.
        summary: What ``summarise`` returned.
    """
    look = looks(summary)
    figure, axes = empty_figure([policy.label for policy in look.values()])
    axes.set_ylim(0, 1)  # before the names, which stand at heights of the panel
    lines = _alive(steps, look)
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


def save_all(
    folder: str | Path,
    results: Results,
    *,
    curve: pd.DataFrame | None = None,
    reference: Mapping[str, float] | None = None,
) -> list[Path]:
    """Draw every plot that the tables allow and that says something, and write them as PNG.

    Args:
        folder: Where to; made if absent. Files of the same name are replaced.
        results: Tables and summary of a comparison. Without journeys or behaviour their plots are left out, that of
            retention where nobody left, and those over steps in which most lines lie on one another; an old file of
            such a plot is removed.
        curve: Training log; without it there is no training plot.
        reference: Levels in the training plot; the summary's floor and ceiling if not given.

    Returns:
        The files written.
    """
    steps, summary = while_anyone_is_there(results.steps), results.summary
    look = looks(summary)
    engagement = {name: line.engagement for name, line in _engagement(steps, look, bin_width(steps)).items()}
    figures: dict[str, Figure | None] = {
        "engagement_per_policy": engagement_per_policy(summary),
        "engagement_over_steps": None if one_line(engagement) else engagement_over_steps(steps, summary),
        "retention": retention(steps, summary) if anyone_left(steps) and not one_line(_alive(steps, look)) else None,
    }
    if told_behaviour(steps):
        figures["behaviour"] = behaviour(steps, summary)
    if not results.journeys.empty:
        figures["interest_journey"] = interest_journey(results.journeys, summary, results.steps.step.nunique())
    if curve is not None:
        levels = reference or _ends(summary)
        oracles = [name for name in levels if name in summary["policies"] and summary["policies"][name]["oracle"]]
        figures["training_curve"] = training_curve(curve, levels, unit_of(summary), oracles)
    return _write(Path(folder), figures)


def _write(folder: Path, figures: Mapping[str, Figure | None]) -> list[Path]:
    """One PNG a figure; returns those written. Where the figure is None, an old one goes."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with _one_warning_of_glyphs():
        for name, figure in figures.items():
            file = folder / f"{name}.png"
            if figure is None:
                file.unlink(missing_ok=True)
                continue
            figure.savefig(file, dpi=DPI)
            written.append(file)
    return written


@contextmanager
def _one_warning_of_glyphs() -> Iterator[None]:
    """Matplotlib warns of every character that its font lacks, several times: say it once for all of them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    lacking = [found for found in caught if re.match(r"Glyph .* missing from", str(found.message))]
    for found in caught:
        if found not in lacking:
            warnings.warn_explicit(found.message, found.category, found.filename, found.lineno)
    if lacking:
        warnings.warn("The plots show boxes for some characters of names, which the font does not have.", stacklevel=4)


def _engagement(steps: pd.DataFrame, drawn: Iterable[str], width: int) -> dict[str, pd.DataFrame]:
    """Engagement and its band in bins, of each policy."""
    means = steps.groupby(["policy", "step"], sort=False).agg(
        {"engagement": "mean", "engagement_low": "min", "engagement_high": "max"}
    )
    return {name: binned(means.loc[name].sort_index(), width) for name in drawn}


def _alive(steps: pd.DataFrame, drawn: Iterable[str]) -> dict[str, pd.Series[float]]:
    """Share of users not gone after every step, of each policy."""
    alive = steps.groupby(["policy", "step"], sort=False).alive.mean()
    return {name: alive.loc[name].sort_index() for name in drawn}


def _ends(summary: Mapping[str, Any]) -> dict[str, float]:
    """Mean engagement of floor and ceiling, as far as they were evaluated."""
    names = [summary[role] for role in ("floor", "ceiling") if summary[role] in summary["policies"]]
    return {name: summary["policies"][name]["engagement"]["mean"] for name in names}


def _mark_level(axes: Axes, level: float, name: str, line: int) -> None:
    """A dotted vertical line with its name above the panel, on the given line: two may be close to each other."""
    axes.axvline(level, color="0.35", linestyle=":", linewidth=1, zorder=0)
    axes.annotate(
        name,
        xy=(level, 1),
        xytext=(0, 2 + 12 * line),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=8,
        color="0.35",
    )
