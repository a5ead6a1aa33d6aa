"""Few columns that tell items apart, from what a fitted ranker knows of them."""

from __future__ import annotations

import torch
from torch import Tensor


def item_columns(vectors: Tensor, length: Tensor, future: Tensor, components: int = 16) -> Tensor:
    """Columns of the items: principal components of their vectors, length, and the engagement to come.

    Args:
        vectors: A ranker's, (items, dims).
        length: Of the items, in the world's unit, (items,).
        future: See ``Ranker.future``, (items,).
        components: Principal components.

    Returns:
        Shape (items, columns), every column of mean 0 and, where it varies, variance 1.
    """
    with torch.no_grad():
        vectors = vectors - vectors.mean(dim=0)
        left, strength, _ = torch.linalg.svd(vectors, full_matrices=False)
        parts = (left * strength)[:, :components]
        columns = torch.cat([parts, length.log()[:, None], future[:, None]], dim=1)
        return (columns - columns.mean(dim=0)) / columns.std(dim=0).clamp(min=1e-6)
