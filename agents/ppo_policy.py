"""The actor and critic that stable-baselines3's PPO trains: state encoder, slate head, value head."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from gymnasium import spaces
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor, nn

from driftrec.agents.ranker import Ranker
from driftrec.agents.slate_head import SlateHead
from driftrec.agents.state_encoder import StateEncoder

Observations = dict[str, Tensor]


class SlateActorCritic(ActorCriticPolicy):
    """Reads persona, history and clock with a state encoder, picks slates among candidates, estimates returns.

    The state encoder starts as a copy of the ranker's and is trained on. Candidates are described by a trained
    projection of the ranker's item vectors and of the item table, where lies what clicks alone do not show.

    Args:
        observation_space: With the candidate stage's keys.
        action_space: Positions among the candidates.
        lr_schedule: From stable-baselines3.
        ranker: The fitted ranker; copied, not changed.
        item_dims: Length of the trained projection.
        temper: Weight of the ranker's score in the logits at the start.
        **kwargs: Of ``ActorCriticPolicy``.
    """

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        lr_schedule: Callable[[float], float],
        *,
        ranker: Ranker,
        item_dims: int = 24,
        temper: float = 4.0,
        **kwargs: Any,
    ) -> None:
        self._parts = (ranker, item_dims, temper)
        super().__init__(observation_space, action_space, lr_schedule, ortho_init=False, **kwargs)

    def _build(self, lr_schedule: Callable[[float], float]) -> None:
        """Make the networks and the optimizer (called by the base class)."""
        ranker, item_dims, temper = self._parts
        self.encoder: StateEncoder = copy.deepcopy(ranker.encoder).requires_grad_(True)
        with torch.inference_mode():
            vectors = ranker.item_vectors()
        self.vectors: Tensor
        self.register_buffer("vectors", vectors.clone(), persistent=False)
        self.project = nn.Linear(self.encoder.items.dims + vectors.shape[1], item_dims)
        slate_size = self.action_space.shape[0]  # type: ignore[index]
        self.head = SlateHead(self.encoder.state_dims, item_dims, slate_size, temper)
        self.value = nn.Sequential(nn.Linear(self.encoder.state_dims, 64), nn.GELU(), nn.Linear(64, 1))
        trained = [parameter for parameter in self.parameters() if parameter.requires_grad]
        self.optimizer = self.optimizer_class(trained, lr=lr_schedule(1), **self.optimizer_kwargs)  # type: ignore[call-arg]

    def forward(  # type: ignore[override]
        self, obs: Observations, deterministic: bool = False
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Slates, their values and their log-probabilities."""
        state, features = self._read(obs)
        picks, log_p = self.head.pick(state, features, obs["scores"], deterministic)
        return picks, self.value(state), log_p.sum(dim=1)

    def evaluate_actions(self, obs: Observations, actions: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # type: ignore[override]
        """Values, joint log-probabilities and entropies of the slates ``actions``."""
        state, features = self._read(obs)
        log_p, entropy = self.head.log_probability(state, features, obs["scores"], actions.long())
        return self.value(state), log_p.sum(dim=1), entropy.sum(dim=1)

    def predict_values(self, obs: Observations) -> Tensor:  # type: ignore[override]
        """Estimated returns, (users, 1)."""
        return self.value(self.encoder(obs))

    def _predict(self, observation: Observations, deterministic: bool = False) -> Tensor:  # type: ignore[override]
        state, features = self._read(observation)
        return self.head.pick(state, features, observation["scores"], deterministic)[0]

    def _read(self, obs: Observations) -> tuple[Tensor, Tensor]:
        """State vectors (users, state_dims) and features of the candidates (users, candidates, item_dims)."""
        table = self.project(torch.cat([self.vectors, self.encoder.items()], dim=1))  # (items, item_dims)
        return self.encoder(obs), nn.functional.embedding(obs["candidates"].long(), table)
