"""What the plots share: an empty figure, a line per policy, names beside or below, means over equal bins of steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from sklearn.isotonic import isotonic_regression

from driftrec.agents.plots.looks import Look

BLANK = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
"""Box behind a text, so that lines do not run through it."""

ROW = 0.2
"""Height of a line of small text, in inches."""


def empty_figure(names: Sequence[str], rows: float = ROW, least: float = 4.8) -> tuple[Figure, Axes]:
    """One plain panel, which grows with what is written beside it.

    That is ``names``, one below the other, ``rows`` inches each; the figure is ``least`` inches high or more.
    """
    beyond = 0.075 * max(0, max(map(len, names), default=0) - 16)  # inches of the longest name over the usual
    figure = Figure(figsize=(8.2 + beyond, max(least, 1.4 + rows * len(names))), layout="constrained")
    axes = figure.subplots()
    plain_panel(axes)
    axes.set_axisbelow(True)
    return figure, axes


def plain_panel(axes: Axes) -> None:
    """A grid in grey and no frame."""
    axes.grid(color="0.9", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)


def draw_lines(axes: Axes, drawn: Mapping[str, pd.Series[float]], look: Mapping[str, Look], steps: bool) -> None:
    """A line per policy; broken lines above whole ones, which would hide them.

    ``drawn`` holds each policy's heights by step; with ``steps`` a height holds to the next one: the lines are stairs.
    """
    for name, line in drawn.items():
        axes.plot(
            line.index,
            line,
            color=look[name].colour,
            linestyle=look[name].dash,
            linewidth=1.7,
            zorder=2.0 + 0.1 * (look[name].dash != "-"),
            drawstyle="steps-post" if steps else "default",
        )
    axes.margins(x=0)


def draw_others(axes: Axes, drawn: Sequence[pd.Series[float]], steps: bool) -> None:
    """Lines of policies that have no colour in a plot, thin and grey behind them; ``steps`` as in ``draw_lines``."""
    for line in drawn:
        axes.plot(
            line.index, line, color="0.8", linewidth=0.7, zorder=1.5, drawstyle="steps-post" if steps else "default"
        )


def label_right(figure: Figure, axes: Axes, heights: Mapping[str, float], look: Mapping[str, Look]) -> None:
    """Names beside the right edge, moved apart where they would overlap, joined to their heights in their styles.

    Call it last: it reads the panel's range.
    """
    names = sorted(heights, key=lambda name: heights[name])
    bottom, top = axes.get_ylim()
    wanted = np.array([(heights[name] - bottom) / (top - bottom) for name in names])
    gap = ROW / (figure.get_figheight() - 1.2)
    for name, start, height in zip(names, wanted, spread(wanted, gap), strict=True):
        axes.annotate(
            look[name].label,
            xy=(1, start),
            xytext=(1.06, height),
            xycoords="axes fraction",
            va="center",
            fontsize=9,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": look[name].colour,
                "linestyle": look[name].dash,
                "linewidth": 1.3,
                "relpos": (0, 0.5),
                "shrinkA": 1,
                "shrinkB": 0,
            },
        )


def legend_below(figure: Figure, labels: Sequence[str], handles: Sequence[Line2D]) -> None:
    """A legend under the panels, in as many columns as fit; the figure grows by its rows."""
    width, height = figure.get_size_inches()
    columns = max(1, min(len(labels), int(width / (0.75 + 0.075 * max(map(len, labels))))))
    figure.set_size_inches(width, height + ROW * -(-len(labels) // columns))
    figure.legend(
        handles, labels, loc="outside lower center", ncols=columns, frameon=False, fontsize=9, handlelength=2.6
    )


def spread(heights: NDArray[np.float64] | Sequence[float], gap: float) -> NDArray[np.float64]:
    """Move ascending heights apart to at least ``gap``, changing them as little as possible (least squares).

    None ends below 0, nor above 1 while all fit. Isotonic regression of ``heights - gap * rank``: the nearest ascending
    sequence, gaps added back.
    """
    ranks = gap * np.arange(len(heights))
    wanted = np.asarray(heights, dtype=np.float64) - ranks
    return np.asarray(isotonic_regression(wanted, y_min=0.0, y_max=max(0.0, 1.0 - ranks[-1]))) + ranks


SINGLY = 100
"""Steps that are drawn one by one at most."""

BINS = 60
"""Bins in a plot of more steps at most."""


def bin_width(steps: pd.DataFrame) -> int:
    """Steps in a bin, 1 where the table has few."""
    number = steps.step.nunique()
    return 1 if number <= SINGLY else -(-number // BINS)


def binned(values: pd.DataFrame, width: int) -> pd.DataFrame:
    """Mean of every column over bins of ``width`` steps, NaN left out; the last bin may have fewer.

    Args:
        values: Index: step, from 0 on.
        width: Steps of a bin.

    Returns:
        Index: where each bin begins. The last row closes the last bin, for lines drawn in steps.

    Raises:
        ValueError: If ``width`` is not positive.
    """
    if width < 1:
        raise ValueError(f"Bins must hold 1 step or more, not {width}.")
    means = values.groupby(values.index // width).mean()
    means.index = means.index * width
    end = means.iloc[[-1]].set_axis([values.index.max() + 1])
    return pd.concat([means, end])


def in_words(width: int) -> str:
    """What of the steps is drawn."""
    return "every step" if width == 1 else f"means of {width} steps each"
