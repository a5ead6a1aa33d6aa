"""A network that predicts what a user would open from a slate, and for how many minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from driftrec.agents.policy import LARGE, Context
from driftrec.agents.ranker.item_tables import Representation, item_table, persona_table
from driftrec.agents.ranker.kept import Kept
from driftrec.agents.ranker.state_encoder import StateEncoder
from driftrec.agents.ranker.true_state import TrueState
from driftrec.simulators import warm

OWN_PENALTY = 1e-4
"""Weight of the squares of what is an item's own: text explains what it can, and the rest is left to e."""


@dataclass
class Scores:
    """Predictions for every item, each (users, items) unless said otherwise."""

    appeal: Tensor  # log weight in the choice at position 0
    minutes: Tensor  # expected minutes if opened
    no_click: Tensor  # (users, 1) log weight of opening nothing


class Ranker(nn.Module):
    """State encoder and item tower; inner products of the two give appeal and minutes.

        v_i = tower(x_i) + e_i                x_i describes the item, e_i is its own, learned from zero
        appeal_i = <q(s), v_i> + a_i          log weight of item i in a multinomial logit with no-click n(s)
        minutes_i = length_i * sigmoid(<r(s), v_i> + b_i)

    ``future`` holds what opening an item does to the minutes after it (``ranker.future``), zero until set.

    Args:
        context: What is known of items and personas.
        representation: "text", "ids" or "random".
        seed: Seed of the weights.
        dims: Length of the item vectors v.
    """

    def __init__(self, context: Context, representation: Representation, seed: int, dims: int = 48) -> None:
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
        self._bias = Kept()
        self.position_bias = nn.Parameter(torch.zeros(context.slate_size))
        self.length: Tensor
        self.register_buffer("length", torch.from_numpy(context.item_minutes.copy()), persistent=False)
        self.future: Tensor
        self.register_buffer("future", torch.zeros(context.num_items))
        self.withheld = context.withheld  # (items,), for what serves
        self.dims = dims

    def item_vectors(self) -> Tensor:
        """V of every item, (items, dims)."""
        return self.tower(self.items()) + self.own

    def _vectors_of(self, slates: Tensor) -> Tensor:
        """V of the items of ``slates`` (users, slate_size), (users, slate_size, dims)."""
        if len(self.own) > LARGE:
            rows, own = (nn.functional.embedding(slates, table) for table in (self.items(), self.own))
            return self.tower(rows) + own
        return nn.functional.embedding(slates, self.item_vectors())

    def forward(self, observation: Mapping[str, Tensor], vectors: Tensor | None = None) -> Scores:
        """Predictions for all items.

        Args:
            observation: Tensors, leading axis users.
            vectors: ``item_vectors()`` where they are at hand already.
        """
        vectors = self.item_vectors() if vectors is None else vectors
        return self.predict(self.encoder(observation), vectors)

    def predict(self, state: Tensor, vectors: Tensor) -> Scores:
        """Predictions for all items from state vectors (users, state_dims) and ``item_vectors()``."""
        appeal_query, stay_query = self.query(state).chunk(2, dim=1)
        of_bias = vectors, self.item_bias.weight, self.item_bias.bias
        bias = self._bias(of_bias, lambda: self.item_bias(vectors).T.contiguous())  # (2, items)
        learning = torch.is_grad_enabled()
        if len(vectors) > LARGE:  # both products at once read the vectors once
            shape = (2 * len(state), len(vectors))
            room = None if learning else torch.from_numpy(warm.empty(shape, np.float32))
            both = torch.mm(torch.cat([appeal_query, stay_query]), vectors.T, out=room)
            appeal, stay = both[: len(state)].add_(bias[0]), both[len(state) :].add_(bias[1])
        else:
            appeal = torch.addmm(bias[0], appeal_query, vectors.T)
            stay = torch.addmm(bias[1], stay_query, vectors.T)
        minutes = torch.mul(self.length, stay.sigmoid_(), out=None if learning else stay)
        return Scores(appeal, minutes, self.no_click(state))

    def loss(self, observation: Mapping[str, Tensor], slates: Tensor, choice: Tensor, minutes: Tensor) -> Tensor:
        """Negative log-likelihood of the choices plus squared error of the minutes of what was opened.

        Rows are looked up by ``embedding``, here and in the encoder: the gradient of ``vectors[slates]`` adds up in no
        fixed order on several threads, and training would not repeat.

        Args:
            observation: What was seen before the slate.
            slates: Items shown, no repeats, (users, slate_size).
            choice: Position opened, slate_size for none, (users,).
            minutes: Minutes read, 0 where nothing was opened, (users,).
        """
        shown = self._vectors_of(slates)  # (users, slate_size, dims)
        state = self.encoder(observation)
        bias = self.item_bias(shown)
        appeal_query, stay_query = self.query(state).chunk(2, dim=1)
        appeal = torch.einsum("ukd,ud->uk", shown, appeal_query) + bias[..., 0] + self.position_bias
        logits = torch.cat([appeal, self.no_click(state)], dim=1)
        stay = torch.einsum("ukd,ud->uk", shown, stay_query) + bias[..., 1]
        predicted = self.length[slates] * torch.sigmoid(stay)
        opened = choice < slates.shape[1]
        position = choice.clamp(max=slates.shape[1] - 1)[:, None]
        error = (predicted.gather(1, position)[:, 0] - minutes) * opened
        likelihood = nn.functional.cross_entropy(logits, choice)
        return likelihood + 0.1 * error.square().sum() / len(choice) + OWN_PENALTY * self.own.square().sum()
