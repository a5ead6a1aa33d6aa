"""Plots of a scorecard's users: how soon pages bring again what they did before a jump, and whom being known serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from driftrec.agents.evaluation.tables import ORACLE_MARK, in_unit
from driftrec.agents.plots.drawing import draw_lines, empty_figure, label_right, plain_panel
from driftrec.agents.plots.looks import Look, looks_of, plain

MOST = 1.5
"""Where the picture of a jump ends at most."""


def adapting_figures(card: Mapping[str, Any]) -> dict[str, Figure]:
    """The figures that a card has the numbers for, by file name without its end."""
    oracles = [label for label, about in card["policies"].items() if about["oracle"]]
    look = looks_of(card["policies"], oracles)
    scores = [made["scores"] for made in card["experiments"]]
    found: dict[str, Figure] = {}
    back = {label: told["regaining"] for made in scores for label, told in made.items() if told.get("regaining")}
    if back:
        found["jump"] = after_a_jump(back, {label: look[label] for label in back}, card)
    known = {label: told["groups"] for made in scores for label, told in made.items() if "groups" in told}
    groups = {label: rows for label, rows in known.items() if rows[0]["own"] != rows[0]["other"]}
    if groups:
        found["personalisation"] = being_known(groups, look, card)
    return found


def after_a_jump(back: Mapping[str, Mapping[str, Any]], look: Mapping[str, Look], card: Mapping[str, Any]) -> Figure:
    """A line and a band a policy: what pages bring after a jump, of what they bring without, by impressions."""
    figure, axes = empty_figure([each.label for each in look.values()])
    lines = {}
    for label, told in back.items():
        at = told["page"] * np.arange(1, len(told["mean"]) + 1)
        axes.fill_between(at, told["low"], told["high"], color=look[label].colour, alpha=0.15, linewidth=0)
        lines[label] = pd.Series(told["mean"], index=at)
    draw_lines(axes, lines, look, steps=False)
    part = next(iter(back.values()))["part"]
    axes.axhline(part, color="0.35", linewidth=1, linestyle=":")
    axes.set_ylim(0.0, min(MOST, max(1.0, *(line.max() for line in lines.values())) + 0.05))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    label_right(figure, axes, {label: line.iloc[-1] for label, line in lines.items()}, look)
    marks = f"; {ORACLE_MARK} oracle" if any(about["oracle"] for about in card["policies"].values()) else ""
    axes.set(
        xlabel=f"impressions after the jump (band: 95 % interval over users; dotted: {part:.0%}){marks}",
        ylabel="engagement of a page, of that without the jump",
    )
    axes.set_title(plain(f"All at once every user likes what another liked: {card['world']}", longest=120))
    return figure


def being_known(groups: Mapping[str, Sequence[Any]], look: Mapping[str, Look], card: Mapping[str, Any]) -> Figure:
    """A panel a policy: engagement of every group as who they are, and taken for one another."""
    columns = min(3, len(groups))
    rows = -(-len(groups) // columns)
    most = max(map(len, groups.values()))
    size = (1.6 + 3.3 * columns, rows * (0.9 + 0.24 * most) + 0.7)
    figure = Figure(figsize=size, layout="constrained")
    panels = np.atleast_1d(figure.subplots(rows, columns, sharey=True, squeeze=False)).ravel()
    for panel, (label, found) in zip(panels, groups.items(), strict=False):
        _groups(panel, found, look[label])
        panel.set_title(look[label].label, fontsize=10)
    for panel in panels[len(groups) :]:
        panel.set_visible(False)
    figure.supxlabel(plain(in_unit("engagement of 40 pages", card["unit"]), longest=60), fontsize=10)
    figure.suptitle("Users as who they are (filled), and taken for one another (hollow); 95 % intervals", fontsize=11)
    return figure


def _groups(axes: Axes, found: Sequence[Mapping[str, Any]], look: Look) -> None:
    """One policy's rows, the first on top."""
    plain_panel(axes)
    where = np.arange(len(found))
    for key, filled in (("own", True), ("other", False)):
        mean, low, high = (np.array([row[key][end] for row in found]) for end in ("mean", "low", "high"))
        ends = np.stack([mean - low, high - mean]).clip(min=0)
        face = look.colour if filled else "white"
        shift = -0.13 if filled else 0.13
        axes.errorbar(mean, where + shift, xerr=ends, fmt="o", color=look.colour, mfc=face, markersize=5, linewidth=1.1)
    axes.set_yticks(where, [str(row["group"]) for row in found], fontsize=9)
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_xlim(left=0)
