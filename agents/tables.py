"""What the networks know of items and people before learning: one frozen or learned vector each."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from driftrec.agents.policy import Context
from driftrec.simulators.settings import nearest

Representation = Literal["text", "ids", "random"]
"""Text embeddings; one learned vector an id; or fixed random vectors that mean nothing."""

ID_DIMS = 64


class Table(nn.Module):
    """Vectors by row number.

    Args:
        rows: Fixed vectors, float32, (rows, dims); None for learned ones.
        num_rows: Number of rows.
        seed: Seed of the learned vectors' start.
    """

    def __init__(self, rows: np.ndarray | None, num_rows: int, seed: int) -> None:
        super().__init__()
        if rows is None:
            generator = torch.Generator().manual_seed(seed)
            self.rows: Tensor = nn.Parameter(0.1 * torch.randn(num_rows, ID_DIMS, generator=generator))
        else:
            # Not persistent: a checkpoint holds the hash of what it was trained with, not another copy of it.
            self.register_buffer("rows", torch.from_numpy(np.ascontiguousarray(rows)), persistent=False)

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
    """Item vectors of the chosen representation.

    Text embeddings are centred on the catalogue's mean, which they share and which says nothing, and scaled so that
    their entries have variance 1.

    Raises:
        ValueError: If the representation is unknown.
    """
    return _table(context.item_embeddings, representation, seed, "item")


def persona_table(context: Context, representation: Representation, seed: int) -> Table:
    """Persona vectors of the chosen representation, see ``item_table``."""
    return _table(context.persona_embeddings, representation, seed, "persona")


def _table(embeddings: np.ndarray, representation: Representation, seed: int, what: str) -> Table:
    if representation not in get_args(Representation):
        known = get_args(Representation)
        raise ValueError(f"Representation {representation!r} is unknown. {nearest(representation, known)}")
    if representation == "ids":
        return Table(None, len(embeddings), seed)
    if representation == "random":
        tag = int.from_bytes(what.encode(), "little")
        rows = np.random.default_rng([seed, tag]).standard_normal(embeddings.shape, np.float32)
        return Table(rows, len(rows), seed)
    centred = embeddings - embeddings.mean(axis=0)
    return Table(centred / max(float(centred.std()), 1e-6), len(centred), seed)
