"""Directions: vectors of length 1."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Vectors = TypeVar("Vectors", NDArray[np.float32], NDArray[np.float64])


def unit(vectors: Vectors, floor: float = 0.0) -> Vectors:
    """Vectors scaled to length 1 along the last axis; those no longer than ``floor`` have no direction: zeros.

    Args:
        vectors: Shape (..., dims).
        floor: Largest length that counts as none, such as that of rounding errors. >= 0.
    """
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > floor)
