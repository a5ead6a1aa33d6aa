"""Means over equal bins of steps, drawn as they are: a bin has one height, and none lends to its neighbours."""

from __future__ import annotations

import pandas as pd

SINGLY = 100
"""Steps that are drawn one by one at most."""

BINS = 60
"""Bins in a plot of more steps at most."""


def bin_width(steps: pd.DataFrame) -> int:
    """Steps in a bin, 1 where the table has few.

    Args:
        steps: One row per policy, training seed and step.
    """
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
