"""Items by the inner product of their vectors with a query: exactly, or by faiss, which looks at some cells alone."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from driftrec.agents.retrieval.largest import largest
from driftrec.simulators import warm
from driftrec.simulators.vectors import Float

BLOCK = 4_000_000
"""Inner products that are held at once: 16 MB, as much as ``warm`` lends."""

EXACT = 131_072
"""Items up to which all are looked at: cells then cost batches of users as much, and miss some."""

PROBED = 4
"""Of so many cells a query looks into one, and into ``PROBES`` at least."""

PROBES = 256

MOST_CELLS = 2048
POINTS, ROUNDS = 32, 6
"""Rows a cell that k-means sees, and its rounds: cells need not be good, and building must not take long."""

OUTGROWN = 2
"""Times the rows that cells were made of, beyond which they are made anew."""


class Index(Protocol):
    """Vectors of items, by position."""

    def search(self, queries: Float, count: int) -> NDArray[np.int64]:
        """Items of about the largest inner products with each query (users, dims), all different, (users, count)."""
        ...

    def add(self, vectors: Float) -> Index:
        """The same with more items behind those that are there."""
        ...


class Exact:
    """All inner products, some users at a time.

    Args:
        vectors: Of the items, (items, dims).
    """

    def __init__(self, vectors: Float) -> None:
        self._vectors = torch.from_numpy(np.require(vectors, requirements=["C", "W"]))

    def search(self, queries: Float, count: int) -> NDArray[np.int64]:
        """As of ``Index``."""
        at_once = max(1, BLOCK // len(self._vectors))
        parts = torch.from_numpy(np.ascontiguousarray(queries)).split(at_once)
        return np.concatenate([self._best(part, count) for part in parts])

    def _best(self, queries: torch.Tensor, count: int) -> NDArray[np.int64]:
        products = warm.empty((len(queries), len(self._vectors)), np.float32)  # torch's own made the heap grow
        torch.mm(queries, self._vectors.T, out=torch.from_numpy(products))
        return largest(products, count)

    def add(self, vectors: Float) -> Exact:
        """As of ``Index``."""
        return Exact(np.concatenate([self._vectors.numpy(), vectors]))


class Cells:
    """faiss' inverted file: items lie in cells by k-means, and a query looks into those that promise most.

    Johnson, Douze and Jegou (2021), "Billion-scale similarity search with GPUs". The vectors are kept as they are.

    Args:
        index: Of faiss.
        made_of: Rows that the cells were made of.
    """

    def __init__(self, index: Any, made_of: int) -> None:
        self.index, self.made_of = index, made_of
        index.nprobe = min(max(PROBES, index.nlist // PROBED), index.nlist)

    def search(self, queries: Float, count: int) -> NDArray[np.int64]:
        """As of ``Index``; where the cells hold too few, all are looked into."""
        queries = np.ascontiguousarray(queries)
        found: NDArray[np.int64] = self.index.search(queries, count)[1]
        few = np.flatnonzero(found[:, -1] < 0)
        if few.size:
            self.index.nprobe, usual = self.index.nlist, self.index.nprobe
            found[few] = self.index.search(queries[few], count)[1]
            self.index.nprobe = usual
        return found

    def add(self, vectors: Float) -> Cells:
        """As of ``Index``."""
        self.index.add(np.ascontiguousarray(vectors))
        return self


def installed() -> bool:
    """Whether faiss is there, which the extra ``retrieval`` brings."""
    return find_spec("faiss") is not None


def build_index(vectors: Float) -> Index:
    """An index of vectors (items, dims): exact up to ``EXACT`` items, and where faiss is not installed."""
    if len(vectors) <= EXACT or not installed():
        return Exact(vectors)
    import faiss

    cells = min(2 * int(np.sqrt(len(vectors))), MOST_CELLS)
    index: Any = faiss.index_factory(vectors.shape[1], f"IVF{cells},Flat", faiss.METRIC_INNER_PRODUCT)
    index.cp.niter, index.cp.max_points_per_centroid, index.cp.min_points_per_centroid = ROUNDS, POINTS, 1
    vectors = np.ascontiguousarray(vectors)
    index.train(vectors)
    index.add(vectors)
    return Cells(index, len(vectors))
