"""Items as vectors: what a network makes of their texts, and of each alone; appeal and engagement by inner products."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from driftrec.agents.encoders.item_tables import Table, item_columns
from driftrec.agents.encoders.kept import Kept
from driftrec.agents.encoders.topic_memory import TopicMemory
from driftrec.agents.policy import LARGE, Context
from driftrec.agents.ranker.protocol import Ranker, Scores
from driftrec.simulators import warm


class ItemVectors(Ranker):
    """A ranker whose appeal and engagement are inner products of two queries of a user with vectors of the items.

        v_i = tower(x_i) + e_i          x_i describes the item, e_i is its own, learned from zero
        appeal_i = <q, v_i> + a_i + q_t                      of the item's topic t
        engagement_i = length_i * sigmoid(<r, v_i> + b_i + r_t)

    Attributes:
        items: What describes the items.
        by_topic: Knows the items' topics.
    """

    items: Table
    by_topic: TopicMemory

    def _lay_out(self, context: Context, dims: int) -> None:
        """Make what is learned of the items, vectors of length ``dims``."""
        self.tower = nn.Sequential(nn.Linear(self.items.dims, 96), nn.GELU(), nn.Linear(96, dims))
        self.own = nn.Parameter(torch.zeros(context.num_items, dims))
        self.item_bias = nn.Linear(dims, 2)
        self._vectors, self._bias, self._newcomers = Kept(), Kept(), context.newcomers
        self.length: Tensor
        self.register_buffer("length", torch.from_numpy(context.item_minutes.copy()), persistent=False)
        self.register_buffer("future", torch.zeros(context.num_items))

    def item_vectors(self) -> Tensor:
        """V of every item, (items, dims)."""
        return self._full()[:, : self.own.shape[1]]

    def _full(self) -> Tensor:
        """V of every item, and a one in the column of its topic, (items, dims + topics)."""
        sources = self.items(), self.own, *self.tower.parameters()
        return self._vectors(sources, lambda: torch.cat([self.tower(self.items()) + self.own, self.by_topic.ones], 1))

    def _full_of(self, slates: Tensor) -> Tensor:
        """The same of the items of ``slates`` (users, slate_size), (users, slate_size, dims + topics).

        Looked up by ``embedding``, as in the encoder: the gradient of ``vectors[slates]`` adds up in no fixed order on
        several threads, and training would not repeat.
        """
        if len(self.own) > LARGE and torch.is_grad_enabled():
            tables = (self.items(), self.own, self.by_topic.ones)
            rows, own, ones = (nn.functional.embedding(slates, table) for table in tables)
            return torch.cat([self.tower(rows) + own, ones], dim=2)
        return nn.functional.embedding(slates, self._full())

    def later(self, shown: Tensor | None) -> Tensor:
        """``future`` of all items, (items,), or of those at the positions ``shown``."""
        return self.future if shown is None else self.future[shown]

    def columns(self) -> Tensor:
        """See ``item_columns``; last of all a one for the topic, (items, columns)."""
        known = self.item_vectors().cpu(), self.length.cpu(), self.future.cpu()
        columns = item_columns(*known, newcomers=self._newcomers)
        return torch.cat([columns, self.by_topic.ones.cpu()], dim=1)

    def search_keys(self) -> Tensor:
        """Vectors of all items, see ``driftrec.agents.networks.shortlist.Vectored``, (items, dims + topics + 4)."""
        with torch.no_grad():
            alone = [self.item_bias(self.item_vectors()), self.length.log()[:, None], self.future[:, None]]
            return torch.cat([self._full(), *alone], dim=1)

    def _scored(self, appeal_query: Tensor, stay_query: Tensor, shown: Tensor | None) -> Scores:
        """Scores by two queries, (users, dims + topics) each, ``shown`` as of ``scores``; appeal as of ``_of_all``."""
        if shown is None:
            return self._of_all(appeal_query, stay_query)
        if torch.is_grad_enabled() or len(self.own) <= LARGE:
            return self._of(appeal_query, stay_query, shown)
        return self._of_some(appeal_query, stay_query, shown)

    def _of_all(self, appeal_query: Tensor, stay_query: Tensor) -> Scores:
        """Scores of all items, appeal as it stands beside ``no_click``."""
        vectors = self._full()
        bias = self._biases()  # (2, items)
        learning = torch.is_grad_enabled()
        users = len(appeal_query)
        if len(vectors) > LARGE and vectors.is_cpu and not learning:  # both products at once read the vectors once
            room = torch.from_numpy(warm.empty((2 * users, len(vectors)), np.float32))
            both = torch.mm(torch.cat([appeal_query, stay_query]), vectors.T, out=room)
            appeal, stay = both[:users].add_(bias[0]), both[users:].add_(bias[1])
        else:
            appeal = torch.addmm(bias[0], appeal_query, vectors.T)
            stay = torch.addmm(bias[1], stay_query, vectors.T)
        return Scores(appeal, torch.mul(self.length, stay.sigmoid_(), out=None if learning else stay))

    def _of(self, appeal_query: Tensor, stay_query: Tensor, slates: Tensor) -> Scores:
        """The same of the items of ``slates`` (users, slate_size)."""
        shown = self._full_of(slates)  # (users, slate_size, dims + topics)
        bias = self.item_bias(shown[..., : self.own.shape[1]])
        appeal = torch.einsum("ukd,ud->uk", shown, appeal_query) + bias[..., 0]
        stay = torch.einsum("ukd,ud->uk", shown, stay_query) + bias[..., 1]
        return Scores(appeal, self.length[slates] * torch.sigmoid(stay))

    def _of_some(self, appeal_query: Tensor, stay_query: Tensor, shown: Tensor) -> Scores:
        """As ``_of`` up to rounding, of many items; or of the same for all users, (n,)."""
        bias = self._biases()[:, shown]
        vectors = nn.functional.embedding(shown, self._full())  # (users, n, dims + topics)
        both = torch.stack([appeal_query, stay_query], dim=2)  # (users, dims + topics, 2)
        products = torch.matmul(vectors, both)  # (users, n, 2)
        stay = products[..., 1] + bias[1]
        return Scores(products[..., 0] + bias[0], self.length[shown] * stay.sigmoid_())

    def _biases(self) -> Tensor:
        """What every item adds to appeal and stay, (2, items)."""
        # By what the vectors are made of: those made in inference mode are themselves no source to keep anything by.
        sources = (self.items(), self.own, *self.tower.parameters(), *self.item_bias.parameters())
        return self._bias(sources, lambda: self.item_bias(self.item_vectors()).T.contiguous())
