"""What the plots share: an empty figure, a line per policy, names beside the lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.isotonic import isotonic_regression

from driftrec.agents.evaluation.palette import Style, styles

BLANK = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
"""Box behind a text, so that lines do not run through it."""


def empty_figure(height: float = 4.8) -> tuple[Figure, Axes]:
    """One plain panel, 8.2 by ``height`` inches, on the Agg canvas, which needs no display."""
    figure = Figure(figsize=(8.2, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.grid(color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def draw_lines(axes: Axes, drawn: Mapping[str, pd.Series[float]]) -> None:
    """A line per policy with its name at the line's end; broken lines above whole ones, which would hide them."""
    style = styles(drawn)
    for name, line in drawn.items():
        dash, above = style[name].dash, 2.0 + 0.1 * (style[name].dash != "-")
        axes.plot(line.index, line, color=style[name].colour, linestyle=dash, linewidth=1.9, zorder=above)
    axes.margins(x=0)
    label_right(axes, {name: float(line.iloc[-1]) for name, line in drawn.items()}, style)


def label_right(axes: Axes, heights: Mapping[str, float], style: Mapping[str, Style]) -> None:
    """Names beside the right edge, moved apart where they would overlap, with thin lines to their heights."""
    names = sorted(heights, key=lambda name: heights[name])
    bottom, top = axes.get_ylim()
    wanted = np.array([(heights[name] - bottom) / (top - bottom) for name in names])
    for name, start, height in zip(names, wanted, spread(wanted, gap=0.05), strict=True):
        axes.annotate(
            name,
            xy=(1, start),
            xytext=(1.05, height),
            xycoords="axes fraction",
            va="center",
            fontsize=9,
            color=style[name].colour,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": style[name].colour, "linewidth": 0.8, "relpos": (0, 0.5)},
        )


def spread(heights: NDArray[np.float64] | Sequence[float], gap: float) -> NDArray[np.float64]:
    """Move ascending heights apart to at least ``gap``, changing them as little as possible (least squares); none < 0.

    Isotonic regression of ``heights - gap * rank``: the nearest ascending sequence, gaps added back.
    """
    ranks = gap * np.arange(len(heights))
    return np.asarray(isotonic_regression(np.asarray(heights, dtype=np.float64) - ranks, y_min=0.0)) + ranks
