"""Directions: vectors of length 1."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import warm

Vectors = TypeVar("Vectors", NDArray[np.float32], NDArray[np.float64])


def unit(vectors: Vectors, floor: float = 0.0) -> Vectors:
    """Vectors scaled to length 1 along the last axis; those no longer than ``floor`` have no direction: zeros.

    Args:
        vectors: Shape (..., dims).
        floor: Largest length that counts as none, such as that of rounding errors. >= 0.
    """
    squares = np.square(vectors, out=warm.like(vectors))
    lengths = np.sqrt(squares.sum(axis=-1, keepdims=True))
    directions = warm.like(vectors)
    directions[...] = 0.0
    return np.divide(vectors, lengths, out=directions, where=lengths > floor)
