"""The best of very many scores."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from driftrec.agents.policy import LARGE
from driftrec.simulators import warm

COLUMNS = 4
"""Times ``k`` that a large catalogue has columns of which the maxima are looked at; more let fewer others through."""

FEWEST_COLUMNS = 1024
"""Columns at least: short rows are slow to read."""


def largest(scores: NDArray[np.floating], k: int) -> NDArray[np.int64]:
    """Positions of the ``k`` highest scores (..., items), best first, (..., k); equal scores in PyTorch's order.

    Of a large catalogue few items are ever sorted. They stand in columns, and the ``k`` columns of the highest maxima
    hold ``k`` scores of no less than the smallest of these maxima: no score below that one is among the best.
    """
    items = scores.shape[-1]
    columns = max(COLUMNS * k, FEWEST_COLUMNS)
    if items <= LARGE or 2 * columns > items:
        return _sorted(scores, k)
    rows = scores.reshape(-1, items)
    strips = items // columns
    maxima = rows[:, : strips * columns].reshape(len(rows), strips, columns).max(axis=1)
    least = np.partition(maxima, columns - k, axis=1)[:, columns - k, None]
    flat = np.flatnonzero(np.greater_equal(rows, least, out=warm.empty(rows.shape, np.bool_)))
    row, item = flat // items, flat % items
    count = np.bincount(row, minlength=len(rows))
    if count.min() < k:  # there are NaN, which are no less than anything
        return _sorted(scores, k)
    place = np.arange(len(flat)) - np.repeat(count.cumsum() - count, count)
    left, whose = np.full((len(rows), count.max()), -np.inf, rows.dtype), np.zeros((len(rows), count.max()), np.int64)
    left[row, place], whose[row, place] = rows[row, item], item
    return np.take_along_axis(whose, _sorted(left, k), axis=1).reshape(*scores.shape[:-1], k)


def _sorted(scores: NDArray[np.floating], k: int) -> NDArray[np.int64]:
    return torch.from_numpy(np.require(scores, requirements=["W"])).topk(k).indices.numpy()
