"""The actor and critic that stable-baselines3's PPO trains: slate head and value head over the state vector."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from gymnasium import spaces
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor, nn

from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.request import Request
from driftrec.agents.ppo.slate_head import SlateHead
from driftrec.agents.ppo.value_head import ValueHead

Observations = dict[str, Tensor]


class SlateActorCritic(ActorCriticPolicy):
    """Picks slates among candidates and estimates returns, from what the candidate stage gives.

    Items are described by few columns, see ``encoders.item_tables.item_columns``: every weight more is noise in the
    gradient. Candidates that come with the request bring theirs along, under "columns" of the observation.

    Args:
        observation_space: Of the candidate stage.
        action_space: Positions among the candidates.
        lr_schedule: From stable-baselines3.
        items: Columns of the catalogue's items, (items, item_columns); None where the candidates bring theirs along.
        topic_shape: Topics, and numbers that the end of the state has of each. The last columns of an item are its
            shares of these topics.
        temper: Weight of the candidates' score in the logits at the start.
        prices: See ``SlateHead``.
        iterative: The same.
        **kwargs: Of ``ActorCriticPolicy``.
    """

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        lr_schedule: Callable[[float], float],
        *,
        items: Tensor | None,
        topic_shape: tuple[int, int],
        temper: float,
        prices: tuple[float, float],
        iterative: bool = True,
        **kwargs: Any,
    ) -> None:
        self._parts = (items, topic_shape, temper, prices, iterative)
        super().__init__(observation_space, action_space, lr_schedule, ortho_init=False, **kwargs)

    def _build(self, lr_schedule: Callable[[float], float]) -> None:
        """Make the networks and the optimizer (called by the base class)."""
        items, self.topic_shape, temper, prices, iterative = self._parts
        self.items: Tensor | None
        self.register_buffer("items", items, persistent=False)
        slate_size = self.action_space.shape[0]  # type: ignore[index]
        shapes = {name: space.shape for name, space in self.observation_space.spaces.items()}  # type: ignore[attr-defined]
        state_dims = shapes["state"][0] - math.prod(self.topic_shape)
        item_columns = shapes["columns"][1] if items is None else items.shape[1]
        past = shapes["past"][1] if "past" in shapes else 0
        each = 3 + item_columns + self.topic_shape[1] + past
        self.head = SlateHead(state_dims, each, item_columns, slate_size, temper, prices, iterative=iterative)
        self.value = ValueHead(state_dims, each, item_columns)
        self.optimizer = self.optimizer_class(self.parameters(), lr=lr_schedule(1), **self.optimizer_kwargs)  # type: ignore[call-arg]

    def forward(  # type: ignore[override]
        self, obs: Observations, deterministic: bool = False
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Slates, their values and their log-probabilities."""
        request = self._request(obs)
        picks, log_p = self.head.pick(self.head.read(request), deterministic)
        return picks, self.value(request), log_p.sum(dim=1)

    def evaluate_actions(self, obs: Observations, actions: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # type: ignore[override]
        """Values, joint log-probabilities and entropies of the slates ``actions``."""
        request = self._request(obs)
        log_p, entropy = self.head.log_probability(self.head.read(request), actions.long())
        return self.value(request), log_p.sum(dim=1), entropy.sum(dim=1)

    def of_picks(self, obs: Observations, picks: Tensor) -> Tensor:
        """Log-probability of every pick given those before it, (users, slate_size)."""
        return self.head.log_probability(self.head.read(self._request(obs)), picks)[0]

    def predict_values(self, obs: Observations) -> Tensor:  # type: ignore[override]
        """Estimated returns, (users, 1)."""
        return self.value(self._request(obs))

    def slates(self, obs: Observations, greedy: bool, uniforms: Tensor | None = None) -> Tensor:
        """Positions among the candidates, int64, (users, slate_size); ``uniforms`` as of ``SlateHead.pick``."""
        return self.head.pick(self.head.read(self._request(obs)), greedy, uniforms)[0]

    def _predict(self, observation: Observations, deterministic: bool = False) -> Tensor:  # type: ignore[override]
        return self.slates(observation, deterministic)

    def _request(self, obs: Observations) -> Request:
        """What the networks read."""
        judged = torch.stack([obs["score"], obs["appeal"], obs["engagement"]], dim=2)
        places = obs["candidates"].long()
        columns = obs["columns"] if self.items is None else nn.functional.embedding(places, self.items)
        topics = columns[..., columns.shape[2] - self.topic_shape[0] :]
        own = obs["state"].shape[1] - math.prod(self.topic_shape)
        state, by_topic = obs["state"].tensor_split([own], dim=1)
        prices = [obs[name] for name in ("worth", "excess", "burden") if name in obs]
        paced = torch.stack(prices, dim=2) if prices else None
        of_topic = topics @ by_topic.unflatten(1, self.topic_shape)
        return Request(state, columns, topics, judged, of_topic, obs.get("past"), paced)


def serving_network(stage: CandidateStage, slate_size: int, temper: float, iterative: bool = True) -> SlateActorCritic:
    """An untrained network for what ``stage`` gives, with no training around it; it computes where the ranker does."""
    actions = spaces.MultiDiscrete([stage.size] * slate_size)
    network = SlateActorCritic(
        stage.space(),
        actions,
        lambda left: 0.0,
        items=stage.columns,
        topic_shape=stage.topic_shape,
        temper=temper,
        prices=stage.prices,
        iterative=iterative,
    )
    network.set_training_mode(False)
    return network.to(stage.judge.device)
