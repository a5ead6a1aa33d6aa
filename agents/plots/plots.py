"""Plots as functions of the results tables. No ``pyplot``: they need no display, whatever MPLBACKEND says."""

from __future__ import annotations

import re
import textwrap
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftrec.agents.evaluation.summary import Results
from driftrec.agents.evaluation.tables import MARK, ORACLE_MARK, by_engagement, in_unit, like_floor, sample_size
from driftrec.agents.plots.drawing import BLANK, bin_width, empty_figure
from driftrec.agents.plots.journey import interest_journey
from driftrec.agents.plots.looks import how_many, looks, plain
from driftrec.agents.plots.output import Output
from driftrec.agents.plots.steps_plot import (
    behaviour,
    engagement_lines,
    engagement_over_steps,
    one_line,
    retention,
    retention_says_something,
    told_behaviour,
    while_anyone_is_there,
)
from driftrec.agents.plots.training_plot import training_curve

PNG = Output()


def engagement_per_policy(summary: Mapping[str, Any]) -> Figure:
    """Bars of mean engagement by policy, best on top, with the intervals of the means."""
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
    axes.set_xlim(0, 1.12 * high.max() or 1.0)  # nobody may have opened anything
    interval = f"{summary['interval']['level']:.0%} bootstrap interval"
    marks = f"{ORACLE_MARK} oracle, {MARK} not told apart from {plain(summary['floor'])}"
    unit = plain(in_unit("engagement per user and episode", summary["unit"]), longest=80)
    axes.set_xlabel(f"{unit}, {interval}\n{sample_size(summary)}; {marks}{how_many(summary)}")
    title = plain(f"Long-term engagement in {summary['world']}", longest=240)
    figure.suptitle(textwrap.fill(title, 76), fontsize=12)
    axes.grid(axis="y", visible=False)
    return figure


def save_all(
    folder: str | Path,
    results: Results,
    *,
    curve: pd.DataFrame | None = None,
    reference: Mapping[str, float] | None = None,
    output: Output = PNG,
) -> list[Path]:
    """``draw_all``, written to files.

    Args:
        folder: Where to; made if absent. Files of the same name are replaced, and one of a plot that is left out
            is removed.
        results: Tables and summary of a comparison.
        curve: Training log; without it there is no training plot.
        reference: Levels in the training plot; the summary's floor and ceiling if not given.
        output: File format and style.

    Returns:
        The files written.
    """
    with output.drawing():
        return write_figures(Path(folder), draw_all(results, curve=curve, reference=reference), output)


def draw_all(
    results: Results, *, curve: pd.DataFrame | None = None, reference: Mapping[str, float] | None = None
) -> dict[str, Figure | None]:
    """Every plot that the tables allow and that says something, by name; arguments as of ``save_all``.

    Without journeys or behaviour their plots are left out. That of retention where nobody left, and those over steps
    in which most lines lie on one another, are None.
    """
    steps, summary = while_anyone_is_there(results.steps), results.summary
    look = looks(summary)
    engagement = {name: line.engagement for name, line in engagement_lines(steps, look, bin_width(steps)).items()}
    figures: dict[str, Figure | None] = {
        "engagement_per_policy": engagement_per_policy(summary),
        "engagement_over_steps": None if one_line(engagement) else engagement_over_steps(steps, summary),
        "retention": retention(steps, summary) if retention_says_something(steps, look) else None,
    }
    if told_behaviour(steps):
        figures["behaviour"] = behaviour(steps, summary)
    if not results.journeys.empty:
        figures["interest_journey"] = interest_journey(results.journeys, summary, results.steps.step.nunique())
    if curve is not None:
        policies = summary["policies"]
        ends = [summary[role] for role in ("floor", "ceiling") if summary[role] in policies]
        levels = reference or {name: policies[name]["engagement"]["mean"] for name in ends}
        oracles = [name for name in levels if name in policies and policies[name]["oracle"]]
        figures["training_curve"] = training_curve(curve, summary["unit"], levels, oracles)
    return figures


def write_figures(folder: Path, figures: Mapping[str, Figure | None], output: Output = PNG) -> list[Path]:
    """One file a figure, named as it; returns those written. Where the figure is None, an old one goes."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with one_warning_of_glyphs(), output.drawing():
        for name, figure in figures.items():
            file = folder / f"{name}.{output.form}"
            if figure is None:
                file.unlink(missing_ok=True)
                continue
            output.save(figure, file)
            written.append(file)
    return written


@contextmanager
def one_warning_of_glyphs() -> Iterator[None]:
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
