"""Real and simulated lives side by side: a panel an aspect."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from driftrec.agents.realism.distances import Difference

COLUMNS = 3
REAL, SIMULATED = "#332288", "#CC6677"


def realism_figure(found: Sequence[Difference]) -> Figure:
    """Curves of the log with their 95 % bands, and of the world; those that fail are marked in the title."""
    curves = [each for each in found if each.of]
    rows = -(-len(curves) // COLUMNS)
    figure = Figure(figsize=(4.0 * COLUMNS, 3.0 * rows), layout="constrained")
    panels = np.atleast_1d(figure.subplots(rows, COLUMNS)).ravel()
    for axes, each in zip(panels, curves, strict=False):
        places = np.arange(len(each.points))
        axes.fill_between(places, each.low, each.high, color=REAL, alpha=0.2, linewidth=0)
        axes.plot(places, each.real, color=REAL, label="log")
        axes.plot(places, each.simulated, color=SIMULATED, linestyle="--", label="world")
        axes.set_title(each.name + ("" if each.inside else ": fails"), fontsize="medium")
        ticks = np.unique(np.linspace(0, len(places) - 1, 5).astype(int))
        axes.set_xticks(ticks, [f"{each.points[tick]:.3g}" for tick in ticks])
        axes.set_xlabel(each.of)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in panels[len(curves) :]:
        axes.set_axis_off()
    panels[0].legend(frameon=False)
    return figure


def similarity_figure(table: pd.DataFrame) -> Figure:
    """Similarity between sessions by how far they lie apart, between its floor and its ceiling."""
    figure = Figure(figsize=(7.0, 4.0), layout="constrained")
    axes = figure.subplots()
    for name, label, colour in (("real", "log", REAL), ("simulated", "world", SIMULATED)):
        axes.plot(table.lag, table[name], color=colour, marker="o", label=label)
        axes.plot(table.lag, table[f"{name}_ceiling"], color=colour, linestyle=":", label=f"{label}, halves of one")
        axes.plot(table.lag, table[f"{name}_null"], color=colour, linestyle="--", label=f"{label}, order drawn")
    axes.set_xlabel("sessions apart")
    axes.set_ylabel("mean cosine")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right upper", frameon=False)
    return figure
