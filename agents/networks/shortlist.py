"""Candidates by a ranker's own vectors: what gains most is about what has the largest inner product with a query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from driftrec.agents.ranker.protocol import Ranker, Scores
from driftrec.agents.retrieval.index import Index, build_index
from driftrec.agents.retrieval.retriever import CANDIDATES, fixed_first, fixed_items
from driftrec.simulators.vectors import Float

TOP = 8
"""Best of the fixed items, about which the gains are taken as linear."""

SMALLEST = 1e-3
"""Of gains that are divided by."""

WIDE = 32_768
"""Items beyond which more are found than kept, so that the order of inner products does not decide alone."""

FOUND = 1024
"""So many, which are then judged; those that gain most are kept."""

AT_ONCE = 256
"""Users whose found items are judged at once."""


class Vectored(Protocol):
    """A ranker whose appeal and engagement are of inner products with vectors of the items."""

    def search_keys(self) -> Tensor:
        """Vectors of all items: what inner products are with, and appeal, stay, log length and future of nobody."""
        ...

    def search_queries(self, state: Tensor, slopes: Tensor) -> Tensor:
        """What has inner products with ``search_keys`` that are weighted sums of these four, (users, dims).

        Args:
            state: Of the users, (users, width).
            slopes: Weights of appeal, stay, log length and future, (users, 4).
        """
        ...


class Shortlist:
    """Retrieves what gains most by a ranker, see ``driftrec.agents.retrieval.retriever.Retriever``.

    The logarithm of an item's gain, log w(appeal) + log(value - z) with value = length * sigmoid(stay) + future, is
    linear near the user's best of the fixed items in appeal, stay, log length and future, and those are inner products
    of what is known of the item with what is known of the user. So the items of the largest gains are about those of
    the largest inner product with one query. The fixed items are the best for nobody in particular.

    Args:
        ranker: A ``Vectored`` one; whoever fits it further has the index made anew when it is asked next.
        topics: Of every item, (items,), or None.
        farsighted: See ``Judge``.
        count: Candidates.
        build: Makes the index.
    """

    def __init__(
        self,
        ranker: Ranker,
        topics: NDArray[np.int64] | None,
        farsighted: bool,
        count: int = CANDIDATES,
        build: Callable[[Float], Index] = build_index,
    ) -> None:
        self.ranker, self.count, self.build = ranker, count, build
        self._topics, self._farsighted = topics, farsighted
        self._made_of: object = None

    def retrieve(self, told: Tensor) -> NDArray[np.int64]:
        """Candidates of users with these states of the ranker's, (users, count)."""
        self._prepare()
        queries = self.ranker.search_queries(told, self._slopes(told)).cpu().numpy()  # type: ignore[operator]
        if len(self.ranker.length) <= WIDE:  # type: ignore[arg-type]
            return fixed_first(self._fixed, self._index.search(queries, self.count))
        parts = zip(told.split(AT_ONCE), np.split(queries, range(AT_ONCE, len(queries), AT_ONCE)), strict=True)
        best = [self._best(state, self._index.search(part, max(FOUND, self.count))) for state, part in parts]
        return fixed_first(self._fixed, np.concatenate(best))

    def _best(self, state: Tensor, found: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of the ``found`` items (users, n) that gain most, best first, (users, count)."""
        gains = self._judged(state, torch.from_numpy(found).to(state.device))[1]
        return np.take_along_axis(found, gains.topk(self.count).indices.cpu().numpy(), axis=1)

    def _judged(self, state: Tensor, shown: Tensor) -> tuple[Scores, Tensor]:
        """What is expected of items, (users, n) or (n,) for all, and what they gain, (users, n)."""
        scores = self.ranker.scores(state, shown)
        later = self.ranker.later(shown) if self._farsighted else torch.zeros(())
        gains = self.ranker.choice.gains(scores.appeal.cpu().numpy(), (scores.engagement + later).cpu().numpy())
        return scores, torch.from_numpy(gains).to(state.device)

    def _prepare(self) -> None:
        """Make the index, unless the ranker is as it was."""
        weights = tuple((id(each), each._version) for each in self.ranker.state_dict(keep_vars=True).values())
        if weights == self._made_of:
            return
        keys = self.ranker.search_keys().cpu().numpy()  # type: ignore[operator]
        appeal, stay, log_length, future = keys[:, -4:].T
        value = np.exp(log_length) / (1.0 + np.exp(-stay)) + self._farsighted * future
        merit = np.where(value > 0, np.exp(np.minimum(appeal - appeal.max(), 0)), 1.0) * value
        self._fixed = fixed_items(merit.astype(np.float32), self._topics)
        self._index, self._made_of = self.build(keys), weights

    def _slopes(self, state: Tensor) -> Tensor:
        """How the log of gains changes with appeal, stay, log length and future near the best fixed items, (users, 4).

        Gains, and what they grow by, are summed over these items: an item that hardly gains would have any slope.
        """
        ranker, choice = self.ranker, self.ranker.choice
        shown = torch.from_numpy(self._fixed).to(state.device)
        scores, gains = self._judged(state, shown)
        best = gains.topk(min(TOP, gains.shape[1])).indices
        weight, by_appeal = choice.weight(scores.appeal.gather(1, best))
        by_value = weight / gains.gather(1, best).sum(dim=1, keepdim=True).clamp(min=SMALLEST)
        stayed = scores.engagement.gather(1, best)
        share = stayed / ranker.length[shown[best]]  # type: ignore[index]
        slopes = (by_value * stayed * (1 - share), by_value * stayed, by_value * self._farsighted)
        return torch.stack([by_appeal.mean(dim=1), *(each.sum(dim=1) for each in slopes)], dim=1)
