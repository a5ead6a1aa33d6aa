"""Numbers of users and items, and directions: vectors of length 1."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import warm

Float = NDArray[np.float32]
Double = NDArray[np.float64]
Vectors = TypeVar("Vectors", Float, Double)


def unit(vectors: Vectors, floor: float = 0.0) -> Vectors:
    """Vectors scaled to length 1 along the last axis; those no longer than ``floor`` have no direction: zeros.

    Args:
        vectors: Shape (..., dims).
        floor: Largest length that counts as none, such as that of rounding errors. >= 0.
    """
    lengths = _lengths(vectors)
    directions = warm.like(vectors)
    directions[...] = 0.0
    return np.divide(vectors, lengths, out=directions, where=lengths > floor)


def normalise(vectors: Float) -> None:
    """Scale the rows of ``vectors`` (users, dims), none of them zero, to length 1, in place."""
    vectors /= _lengths(vectors)


def _lengths(vectors: Vectors) -> Vectors:
    squares = np.square(vectors, out=warm.like(vectors))
    lengths: Vectors = np.sqrt(squares.sum(axis=-1, keepdims=True))
    return lengths
