"""Pictures of a deployment in rounds: engagement and new items, by round and arm, shocks marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from driftrec.agents.plots.drawing import legend_below, plain_panel
from driftrec.agents.plots.looks import Look, looks_of

_ORACLES = ("planner",)


def rounds_figures(table: pd.DataFrame, told: Mapping[str, Any]) -> dict[str, Figure]:
    """All pictures by file name.

    Args:
        table: One row a round and arm, as ``driftrec rounds`` writes it to rounds.csv.
        told: What it writes to summary.json.
    """
    return {"engagement_by_round": engagement(table, told), "new_items_by_round": new_items(table, told)}


def engagement(table: pd.DataFrame, told: Mapping[str, Any]) -> Figure:
    """Engagement of a place in every round, and of an episode of held-out users under who served; 95 % bands."""
    figure, (left, right) = _panels()
    for arm, look in _looks(table).items():
        rows = table[table.arm == arm]
        _line(left, rows, "engagement", look)
        _line(right, rows, "held_out", look)
    left.set_ylabel(f"{told['unit']} a user and round, served")
    right.set_ylabel(f"{told['unit']} an episode, held-out users")
    return _finished(figure, (left, right), table, told, "Engagement by round, 95 % bands")


def new_items(table: pd.DataFrame, told: Mapping[str, Any]) -> Figure:
    """Of items less than a round old: their share of impressions, and engagement an impression of theirs."""
    figure, (left, right) = _panels()
    for arm, look in _looks(table).items():
        rows = table[table.arm == arm]
        left.plot(rows["round"], rows.fresh_share, color=look.colour, linestyle=look.dash)
        right.plot(rows["round"], rows.fresh_engagement.astype(float), color=look.colour, linestyle=look.dash)
    left.set_ylabel("share of impressions")
    right.set_ylabel(f"{told['unit']} an impression")
    return _finished(figure, (left, right), table, told, "Items less than a round old")


def _looks(table: pd.DataFrame) -> dict[str, Look]:
    arms = list(dict.fromkeys(table.arm))
    return looks_of(arms, [arm for arm in arms if arm in _ORACLES])


def _panels() -> tuple[Figure, tuple[Axes, Axes]]:
    figure = Figure(figsize=(10.5, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes in (left, right):
        plain_panel(axes)
        axes.set_xlabel("round")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure, (left, right)


def _line(axes: Axes, rows: pd.DataFrame, name: str, look: Look) -> None:
    axes.plot(rows["round"], rows[name], color=look.colour, linestyle=look.dash, linewidth=1.7)
    axes.fill_between(rows["round"], rows[f"{name}_low"], rows[f"{name}_high"], color=look.colour, alpha=0.12, lw=0)


def _finished(
    figure: Figure, panels: tuple[Axes, Axes], table: pd.DataFrame, told: Mapping[str, Any], title: str
) -> Figure:
    """With shocks marked, and a legend below."""
    handles = list(panels[0].get_lines())
    labels = [look.label for look in _looks(table).values()]
    for axes in panels:
        for shock in told["shocks"]:
            axes.axvline(shock["round"] - 0.5, color="0.35", linestyle=":", linewidth=1.2, gid="shock")
    if told["shocks"]:
        handles.append(panels[0].get_lines()[-1])
        labels.append("shock")
    legend_below(figure, labels, handles)
    figure.suptitle(f"{title}: {told['world']}", fontsize=12)
    return figure
