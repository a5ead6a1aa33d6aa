"""Candidates by the true state: what gains most is about what a linear fit to some items says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.ranker.slate_optimiser import slate_gains
from driftrec.agents.retrieval.index import Exact, Index
from driftrec.agents.retrieval.retriever import CANDIDATES, fixed_first, fixed_items
from driftrec.simulators.catalogue import Catalogue
from driftrec.simulators.vectors import Float

SAMPLE = 256
"""Items, drawn once, to which a user's linear functions are fitted."""

TOP = 8
"""Best of them, about which gains are taken as linear."""

SMALLEST = 1e-3
"""Of attractions and gains, where a logarithm is taken or they are divided by."""

NEARER, RIDGE = 1, 0.3
"""Times that the functions are fitted again to what was found, and how much of the first fit stays."""

Appraise = Callable[[Any, NDArray[np.int64]], tuple[Float, Float]]
"""Attraction and value of items (users, n) by the true state, (users, n) each."""


class TrueShortlist:
    """Retrieves what gains most by the true state, see ``driftrec.agents.retrieval.retriever.Retriever``.

    Of a few hundred items, the same for all, attraction a and value v are appraised, and log a and v fitted by least
    squares to what items are: latent and allure, alone and times minutes, quality, minutes and topic. By the gain
    a (v - z) of a place in the slate, the items wanted are about those of the largest fitted log a + v / (v* - z), v*
    of the best of the sample. To what is found so the logarithms of the gains themselves are fitted, by weighted ridge
    regression, and the candidates are what that finds. All inner products are looked at: cells lost a fifth of what
    the planner's slates gain (100,000 items).

    Args:
        catalogue: The items.
        slate_size: Positions in a slate.
        appraise: Told the truth.
        count: Candidates.
    """

    def __init__(self, catalogue: Catalogue, slate_size: int, appraise: Appraise, count: int = CANDIDATES) -> None:
        self.appraise, self.count, self._positions = appraise, count, np.ones(slate_size, np.float32)
        rows = np.random.default_rng(0).choice(catalogue.num_items, min(SAMPLE, catalogue.num_items), replace=False)
        self._sample = np.sort(rows)
        self._columns = true_columns(catalogue)
        fit = np.linalg.pinv(self._columns[self._sample].astype(np.float64)).T
        self._fit = fit.astype(np.float32)  # (sample, columns)
        self._index: Index = Exact(self._columns)
        self._fixed = fixed_items(catalogue.quality + catalogue.allure, catalogue.topic)

    def retrieve(self, told: Any) -> NDArray[np.int64]:
        """Candidates of users in this state, (users, count)."""
        users = len(told.gone)
        attraction, value = self.appraise(told, np.broadcast_to(self._sample, (users, len(self._sample))))
        gains = slate_gains(attraction, value, 1.0, self._positions)
        best = np.argpartition(-gains, TOP, axis=1)[:, :TOP]
        most, weight = (np.take_along_axis(each, best, axis=1).sum(axis=1) for each in (gains, attraction))
        slope = weight / np.maximum(most, SMALLEST * weight)
        wanted = np.log(np.maximum(attraction, np.float32(1e-30))) + slope[:, None] * value
        queries = (wanted @ self._fit).astype(np.float32)
        for _ in range(NEARER):
            queries = self._nearer(told, queries, self._found(queries))
        return self._found(queries)

    def _found(self, queries: Float) -> NDArray[np.int64]:
        return fixed_first(self._fixed, self._index.search(queries, self.count))

    def _nearer(self, told: Any, queries: Float, items: NDArray[np.int64]) -> Float:
        """The queries fitted again, to the logarithm of what those of ``items`` gain that are worth showing."""
        attraction, value = self.appraise(told, items)
        gains = slate_gains(attraction, value, 1.0, self._positions)
        share = np.maximum(gains / np.maximum(gains.max(axis=1, keepdims=True), SMALLEST), 0.0)
        x = self._columns[items]  # (users, n, columns)
        left = np.log(np.maximum(share, np.float32(1e-6))) - np.einsum("unc,uc->un", x, queries)
        left -= (share * left).sum(axis=1, keepdims=True) / np.maximum(share.sum(axis=1, keepdims=True), SMALLEST)
        weighted = (x * share[..., None]).transpose(0, 2, 1)
        scatter = weighted @ x + np.float32(RIDGE) * np.eye(x.shape[2], dtype=np.float32)
        return queries + np.linalg.solve(scatter, weighted @ left[..., None])[..., 0]


def true_columns(catalogue: Catalogue) -> Float:
    """What items are in truth, (items, columns)."""
    minutes = catalogue.minutes
    numbers = [catalogue.quality, catalogue.allure, minutes, np.log(minutes), minutes * catalogue.allure]
    topics = np.eye(catalogue.num_topics, dtype=np.float32)[catalogue.topic]
    latent = catalogue.latent
    columns = np.concatenate([latent, minutes[:, None] * latent, np.stack(numbers, axis=1), topics], axis=1)
    return columns.astype(np.float32)
