"""What the networks know of items and people before learning: one frozen or learned vector each."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from driftrec.agents.catalogues.representations import Embedding
from driftrec.agents.policy import Context
from driftrec.simulators.settings import nearest
from driftrec.simulators.vectors import Float

Representation = Literal[Embedding, "ids", "random"]
"""Vectors that the context holds; one learned vector an id; or fixed random vectors that mean nothing."""

ID_DIMS = 64


class Table(nn.Module):
    """Vectors by row number.

    Args:
        rows: The vectors, float32, (rows, dims).
        learned: Whether they are learned, and these are the start only.
    """

    def __init__(self, rows: Float, learned: bool = False) -> None:
        super().__init__()
        vectors = torch.from_numpy(np.ascontiguousarray(rows))
        self.rows: Tensor
        if learned:
            self.rows = nn.Parameter(vectors)
        else:
            # Not persistent: a checkpoint holds the hash of what it was trained with, not another copy of it.
            self.register_buffer("rows", vectors, persistent=False)

    @property
    def learned(self) -> bool:
        """Whether the vectors are learned and say nothing before."""
        return isinstance(self.rows, nn.Parameter)

    @property
    def dims(self) -> int:
        """Length of a vector."""
        return int(self.rows.shape[1])

    def forward(self) -> Tensor:
        """All vectors, (rows, dims)."""
        return self.rows


def item_table(context: Context, representation: Representation, seed: int) -> Table:
    """Item vectors of the chosen representation; all but "ids" and "random" are those of the context.

    Text embeddings are centred on the catalogue's mean, which they share and which says nothing, and scaled so that
    their entries have variance 1; both without newcomers.

    Raises:
        ValueError: If the representation is unknown.
    """
    return _table(context.item_embeddings, representation, seed, "item", context.newcomers)


def persona_table(context: Context, representation: Representation, seed: int) -> Table:
    """Persona vectors of the chosen representation, see ``item_table``."""
    return _table(context.persona_embeddings, representation, seed, "persona")


def _table(embeddings: Float, representation: Representation, seed: int, what: str, newcomers: int = 0) -> Table:
    if representation not in get_args(Representation):
        known = get_args(Representation)
        raise ValueError(f"Representation {representation!r} is unknown. {nearest(representation, known)}")
    rng = np.random.default_rng([seed, int.from_bytes(what.encode(), "little")])  # items and personas share nothing
    if representation == "ids":
        return Table(np.float32(0.1) * rng.standard_normal((len(embeddings), ID_DIMS), np.float32), learned=True)
    if representation == "random":
        return Table(rng.standard_normal(embeddings.shape, np.float32))
    trained = len(embeddings) - newcomers
    centred = embeddings - embeddings[:trained].mean(axis=0)
    return Table(centred / max(float(centred[:trained].std()), 1e-6))


def item_columns(vectors: Tensor, length: Tensor, future: Tensor, components: int = 16, newcomers: int = 0) -> Tensor:
    """Columns of the items: principal components of their vectors, length, and the engagement to come.

    Args:
        vectors: A ranker's, (items, dims).
        length: Of the items, in the world's unit, (items,).
        future: See ``Ranker.future``, (items,).
        components: Principal components.
        newcomers: Items, the last ones, by which neither components nor scales are found.

    Returns:
        Shape (items, columns), every column of mean 0 and, where it varies, variance 1, over all but newcomers.
    """
    with torch.no_grad():
        trained = len(vectors) - newcomers
        vectors = vectors - vectors[:trained].mean(dim=0)
        left, strength, axes = torch.linalg.svd(vectors[:trained], full_matrices=False)
        parts = torch.cat([left * strength, vectors[trained:] @ axes.T])[:, :components]
        columns = torch.cat([parts, length.log()[:, None], future[:, None]], dim=1)
        known = columns[:trained]
        return (columns - known.mean(dim=0)) / known.std(dim=0).clamp(min=1e-6)
