"""A network that predicts, from features of users and items, what is opened and what opening it gives."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from driftrec.agents.encoders.feature_encoders import FeatureEncoder, Scaler
from driftrec.agents.ranker.choice import Choice
from driftrec.agents.ranker.protocol import Logs, Ranker, Scores


class FeatureRanker(Ranker):
    """Inner products of a user's and an item's vector.

        s = scaled state,  h = A s + MLP(s),  v_i = B x_i + MLP(x_i)
        appeal_i = <q(h), v_i> + a(v_i) + n(h)
        engagement_i = unit * softplus(<r(h), v_i> + b(v_i))

    ``future`` holds what a column of an opened item does to the engagement after it, zero until set.

    Args:
        encoder: From observations to state vectors.
        item_width: Columns of an item.
        choice: How users choose.
        seed: Seed of the weights.
        dims: Length of the vectors v.
    """

    def __init__(self, encoder: FeatureEncoder, item_width: int, choice: Choice, seed: int, dims: int = 32) -> None:
        super().__init__()
        self.encoder, self.choice = encoder, choice
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.scaler = Scaler(encoder.width)
            self.user = Residual(encoder.width, 128, 64)
            self.item = Residual(item_width, 64, dims)
            self.query = nn.Linear(64, 2 * dims)
            self.bias = nn.Linear(dims, 2)
            self.level = nn.Linear(64, 1)
        self.unit: Tensor
        self.register_buffer("unit", torch.ones(()))
        self.topic_shape, self.pilot_steps = encoder.topic_shape, encoder.pilot_steps
        self.width = encoder.width + math.prod(self.topic_shape)
        self.register_buffer("future", torch.zeros(item_width))

    def state(self, observation: Mapping[str, Tensor]) -> Tensor:
        """Scaled state vectors, and what the encoder says by topic, (users, width)."""
        own = self.scaler(self.encoder(observation))
        return torch.cat([own, self.encoder.by_topic(observation).flatten(1)], dim=1)

    def scores(self, state: Tensor, shown: Tensor | None) -> Scores:
        """Predictions for items, ``shown`` as columns, (items, item_width) or (users, items, item_width)."""
        assert shown is not None
        hidden = self.user(state[:, : self.encoder.width])
        vectors = self.item(shown)
        appeal_query, engagement_query = self.query(hidden).chunk(2, dim=1)
        bias = self.bias(vectors)  # (..., items, 2)
        appeal = _products(appeal_query, vectors) + bias[..., 0] + self.level(hidden)
        engagement = self.unit * nn.functional.softplus(_products(engagement_query, vectors) + bias[..., 1])
        return Scores(appeal, engagement)

    def later(self, shown: Tensor | None) -> Tensor:
        """Engagement to come by the columns ``shown``, their shape but for the last axis."""
        assert shown is not None
        return shown @ self.future

    def remember(self, observation: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the encoder makes of the observations; it does not learn."""
        return {"state": self.encoder(observation)}

    def pilot(self, logs: Logs) -> None:
        """Let the encoder learn the average user."""
        self.encoder.learn(logs.shown.to(self.device), logs.clicks.to(self.device))

    def prepare(self, logs: Sequence[Logs]) -> Sequence[Logs]:
        """Scale states and engagement by what is in the logs."""
        self.scaler.learn(torch.cat([part.rows().seen["state"] for part in logs]))
        opened = torch.cat([part.engagement[part.clicks] for part in logs])
        if len(opened):
            self.unit.copy_(opened.mean())
        return logs

    def loss(self, logs: Logs) -> Tensor:
        """Negative log-likelihood of the clicks plus squared error of the engagement of what was opened."""
        scores = self.scores(self.scaler(logs.seen["state"]), logs.shown)
        error = self.choice.squared_error((scores.engagement - logs.engagement) / self.unit, logs.clicks)
        return self.choice.loss(scores.appeal, logs.clicks) + 0.1 * error / len(logs)


class Residual(nn.Module):
    """W x + MLP(x).

    Args:
        inputs: Length of x.
        hidden: Width of the hidden layer.
        outputs: Length of what comes out.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.mlp = nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Shape (..., outputs)."""
        return self.linear(x) + self.mlp(x)


def _products(query: Tensor, vectors: Tensor) -> Tensor:
    """<query, v_i>, (users, items), for vectors (items, dims) or (users, items, dims)."""
    return query @ vectors.T if vectors.dim() == 2 else torch.bmm(vectors, query[..., None])[..., 0]
