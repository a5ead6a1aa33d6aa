"""Few columns that tell items apart, from what a fitted ranker knows of them."""

from __future__ import annotations

import torch
from torch import Tensor

from driftrec.agents.ranker.text_ranker import Ranker


def describe(ranker: Ranker, components: int = 16) -> Tensor:
    """Columns of the items: principal components of the ranker's vectors, length, and the minutes to come.

    Returns:
        Shape (items, columns), every column of mean 0 and, where it varies, variance 1.
    """
    with torch.no_grad():
        vectors = ranker.item_vectors()
        vectors = vectors - vectors.mean(dim=0)
        left, strength, _ = torch.linalg.svd(vectors, full_matrices=False)
        parts = (left * strength)[:, :components]
        columns = torch.cat([parts, ranker.length.log()[:, None], ranker.future[:, None]], dim=1)
        return (columns - columns.mean(dim=0)) / columns.std(dim=0).clamp(min=1e-6)
