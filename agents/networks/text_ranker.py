"""A network that predicts from texts, what a user would open from a slate, and how much engagement follows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from driftrec.agents.networks.item_tables import Representation, item_table, persona_table
from driftrec.agents.networks.kept import Kept
from driftrec.agents.networks.state_encoder import StateEncoder
from driftrec.agents.networks.true_state import TrueState
from driftrec.agents.policy import LARGE, Context
from driftrec.agents.ranker.choice import Choice, OneOfMany
from driftrec.agents.ranker.protocol import Logs, Ranker, Scores
from driftrec.simulators import warm

OWN_PENALTY = 1e-4
"""Weight of the squares of what is an item's own: text explains what it can, and the rest is left to e."""


class TextRanker(Ranker):
    """State encoder and item tower; inner products of the two give appeal and engagement.

        v_i = tower(x_i) + e_i                x_i describes the item, e_i is its own, learned from zero
        appeal_i = <q(s), v_i> + a_i - n(s)   n(s) is the logit of opening nothing
        engagement_i = length_i * sigmoid(<r(s), v_i> + b_i)

    Args:
        context: What is known of items and personas.
        representation: "text", "ids" or "random".
        seed: Seed of the weights.
        dims: Length of the item vectors v.
        choice: How users choose; one item at most, with a learned weight of every position, when omitted.
    """

    def __init__(
        self, context: Context, representation: Representation, seed: int, dims: int = 48, choice: Choice | None = None
    ) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.items = item_table(context, representation, seed)
            personas = persona_table(context, representation, seed)
            self.encoder: StateEncoder | TrueState = (
                TrueState(context.truth) if context.truth else StateEncoder(self.items, personas)
            )
            self.tower = nn.Sequential(nn.Linear(self.items.dims, 96), nn.GELU(), nn.Linear(96, dims))
            self.own = nn.Parameter(torch.zeros(context.num_items, dims))
            self.item_bias = nn.Linear(dims, 2)
            self.query = nn.Linear(self.encoder.state_dims, 2 * dims)
            self.no_click = nn.Linear(self.encoder.state_dims, 1)
        self._vectors, self._bias = Kept(), Kept()
        self.choice = choice or OneOfMany(context.slate_size)
        for name, parameter in self.choice.shared().items():
            self.register_parameter(name, parameter)
        self.length: Tensor
        self.register_buffer("length", torch.from_numpy(context.item_minutes.copy()), persistent=False)
        self.register_buffer("future", torch.zeros(context.num_items))
        self.width = self.encoder.state_dims

    def item_vectors(self) -> Tensor:
        """V of every item, (items, dims)."""
        return self._vectors(self._sources(), lambda: self.tower(self.items()) + self.own)

    def _sources(self) -> tuple[Tensor, ...]:
        """What item vectors are made of."""
        return self.items(), self.own, *self.tower.parameters()

    def _vectors_of(self, slates: Tensor) -> Tensor:
        """V of the items of ``slates`` (users, slate_size), (users, slate_size, dims).

        Looked up by ``embedding``, as in the encoder: the gradient of ``vectors[slates]`` adds up in no fixed order on
        several threads, and training would not repeat.
        """
        if len(self.own) > LARGE and torch.is_grad_enabled():
            rows, own = (nn.functional.embedding(slates, table) for table in (self.items(), self.own))
            return self.tower(rows) + own
        return nn.functional.embedding(slates, self.item_vectors())

    def state(self, observation: Mapping[str, Tensor]) -> Tensor:
        """State vectors, (users, width)."""
        return self.encoder(observation)

    def scores(self, state: Tensor, shown: Tensor | None) -> Scores:
        """Predictions for items, ``shown`` as positions (users, n); None for all."""
        raw = self._of_all(state) if shown is None else self._of(state, shown)
        no_click = self.no_click(state)
        return Scores(raw.appeal.sub_(no_click).add_(self.choice.examination()[0]), raw.engagement)

    def _of_all(self, state: Tensor) -> Scores:
        """Scores of all items, appeal as it stands beside ``no_click``."""
        vectors = self.item_vectors()
        appeal_query, stay_query = self.query(state).chunk(2, dim=1)
        # By what the vectors are made of: those made in inference mode are themselves no source to keep anything by.
        sources = (*self._sources(), *self.item_bias.parameters())
        bias = self._bias(sources, lambda: self.item_bias(vectors).T.contiguous())  # (2, items)
        learning = torch.is_grad_enabled()
        if len(vectors) > LARGE and not learning:  # both products at once read the vectors once
            room = torch.from_numpy(warm.empty((2 * len(state), len(vectors)), np.float32))
            both = torch.mm(torch.cat([appeal_query, stay_query]), vectors.T, out=room)
            appeal, stay = both[: len(state)].add_(bias[0]), both[len(state) :].add_(bias[1])
        else:
            appeal = torch.addmm(bias[0], appeal_query, vectors.T)
            stay = torch.addmm(bias[1], stay_query, vectors.T)
        return Scores(appeal, torch.mul(self.length, stay.sigmoid_(), out=None if learning else stay))

    def _of(self, state: Tensor, slates: Tensor) -> Scores:
        """The same of the items of ``slates`` (users, slate_size)."""
        shown = self._vectors_of(slates)  # (users, slate_size, dims)
        bias = self.item_bias(shown)
        appeal_query, stay_query = self.query(state).chunk(2, dim=1)
        appeal = torch.einsum("ukd,ud->uk", shown, appeal_query) + bias[..., 0]
        stay = torch.einsum("ukd,ud->uk", shown, stay_query) + bias[..., 1]
        return Scores(appeal, self.length[slates] * torch.sigmoid(stay))

    def later(self, shown: Tensor | None) -> Tensor:
        """``future`` of all items, (items,), or of those at the positions ``shown``."""
        return self.future if shown is None else self.future[shown]

    def columns(self) -> Tensor:
        """Columns of all items, see ``item_columns``, (items, item_columns)."""
        return item_columns(self.item_vectors(), self.length, self.future)

    def remember(self, observation: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """All of the observations: the encoder learns."""
        return dict(observation)

    def loss(self, logs: Logs) -> Tensor:
        """Negative log-likelihood of the clicks plus squared error of the engagement of what was opened."""
        state = self.encoder(logs.seen)
        raw = self._of(state, logs.shown)
        likelihood = self.choice.loss(raw.appeal, logs.clicks, self.no_click(state))
        error = self.choice.squared_error(raw.engagement - logs.engagement, logs.clicks)
        return likelihood + 0.1 * error / len(logs) + OWN_PENALTY * self.own.square().sum()


def item_columns(vectors: Tensor, length: Tensor, future: Tensor, components: int = 16) -> Tensor:
    """Columns of the items: principal components of their vectors, length, and the engagement to come.

    Args:
        vectors: A ranker's, (items, dims).
        length: Of the items, in the world's unit, (items,).
        future: See ``Ranker.future``, (items,).
        components: Principal components.

    Returns:
        Shape (items, columns), every column of mean 0 and, where it varies, variance 1.
    """
    with torch.no_grad():
        vectors = vectors - vectors.mean(dim=0)
        left, strength, _ = torch.linalg.svd(vectors, full_matrices=False)
        parts = (left * strength)[:, :components]
        columns = torch.cat([parts, length.log()[:, None], future[:, None]], dim=1)
        return (columns - columns.mean(dim=0)) / columns.std(dim=0).clamp(min=1e-6)
