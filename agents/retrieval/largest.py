"""The best of very many scores."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from driftrec.agents.policy import LARGE

STRIPS = 16
"""Rows in which a large catalogue is laid out to find its best items."""


def largest(scores: NDArray[np.floating], k: int) -> NDArray[np.int64]:
    """Positions of the ``k`` highest scores (..., items), best first, (..., k); equal scores in PyTorch's order.

    Of a large catalogue most items are never sorted: every ``STRIPS``-th of them stand in one column, and the best
    ``k`` items are in the ``k`` columns of the highest maxima.
    """
    left = torch.from_numpy(np.require(scores, requirements=["W"]))
    columns = left.shape[-1] // STRIPS
    if left.shape[-1] <= LARGE or k > columns:
        return left.topk(k).indices.numpy()
    strips = left[..., : STRIPS * columns].unflatten(-1, (STRIPS, columns))
    chosen = strips.amax(dim=-2).topk(k, sorted=False).indices[..., None]  # (..., k, 1)
    items = (chosen + columns * torch.arange(STRIPS)).flatten(-2)
    rest = torch.arange(STRIPS * columns, left.shape[-1]).expand(*items.shape[:-1], -1)  # too few for another strip
    items = torch.cat([items, rest], dim=-1)
    return items.gather(-1, left.gather(-1, items).topk(k).indices).numpy()
