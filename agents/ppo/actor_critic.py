"""The actor and critic that stable-baselines3's PPO trains: slate head and value head over the state vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from gymnasium import spaces
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor, nn

from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.slate_head import Read, SlateHead

Observations = dict[str, Tensor]


class SlateActorCritic(ActorCriticPolicy):
    """Picks slates among candidates and estimates returns, from what the candidate stage gives.

    Items are described by few columns, see ``networks.text_ranker.describe``: every weight more is noise in the
    gradient. Candidates that come with the request bring theirs along, under "columns" of the observation.

    Args:
        observation_space: Of the candidate stage.
        action_space: Positions among the candidates.
        lr_schedule: From stable-baselines3.
        items: Columns of the catalogue's items, (items, item_columns); None where the candidates bring theirs along.
        temper: Weight of the candidates' score in the logits at the start.
        **kwargs: Of ``ActorCriticPolicy``.
    """

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        lr_schedule: Callable[[float], float],
        *,
        items: Tensor | None,
        temper: float,
        **kwargs: Any,
    ) -> None:
        self._parts = (items, temper)
        super().__init__(observation_space, action_space, lr_schedule, ortho_init=False, **kwargs)

    def _build(self, lr_schedule: Callable[[float], float]) -> None:
        """Make the networks and the optimizer (called by the base class)."""
        items, temper = self._parts
        self.items: Tensor | None
        self.register_buffer("items", items, persistent=False)
        slate_size = self.action_space.shape[0]  # type: ignore[index]
        shapes = {name: space.shape for name, space in self.observation_space.spaces.items()}  # type: ignore[attr-defined]
        state_dims = shapes["state"][0]
        item_columns = shapes["columns"][1] if items is None else items.shape[1]
        self.head = SlateHead(state_dims, item_columns, slate_size, temper)
        self.value = nn.Sequential(nn.LayerNorm(state_dims), nn.Linear(state_dims, 128), nn.GELU(), nn.Linear(128, 1))
        self.optimizer = self.optimizer_class(self.parameters(), lr=lr_schedule(1), **self.optimizer_kwargs)  # type: ignore[call-arg]

    def forward(  # type: ignore[override]
        self, obs: Observations, deterministic: bool = False
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Slates, their values and their log-probabilities."""
        picks, log_p = self.head.pick(self._read(obs), deterministic)
        return picks, self.value(obs["state"]), log_p.sum(dim=1)

    def evaluate_actions(self, obs: Observations, actions: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # type: ignore[override]
        """Values, joint log-probabilities and entropies of the slates ``actions``."""
        log_p, entropy = self.head.log_probability(self._read(obs), actions.long())
        return self.value(obs["state"]), log_p.sum(dim=1), entropy.sum(dim=1)

    def predict_values(self, obs: Observations) -> Tensor:  # type: ignore[override]
        """Estimated returns, (users, 1)."""
        return self.value(obs["state"])

    def slates(self, obs: Observations, greedy: bool, uniforms: Tensor | None = None) -> Tensor:
        """Positions among the candidates, int64, (users, slate_size); ``uniforms`` as of ``SlateHead.pick``."""
        return self.head.pick(self._read(obs), greedy, uniforms)[0]

    def _predict(self, observation: Observations, deterministic: bool = False) -> Tensor:  # type: ignore[override]
        return self.slates(observation, deterministic)

    def _read(self, obs: Observations) -> Read:
        """What the slate head needs to know."""
        judged = torch.stack([obs["score"], obs["appeal"], obs["engagement"]], dim=2)
        if self.items is None:
            return self.head.read_request(obs["state"], obs["columns"], judged)
        return self.head.read(obs["state"], self.items, obs["candidates"].long(), judged)


def serving_network(stage: CandidateStage, slate_size: int, temper: float) -> SlateActorCritic:
    """An untrained network for what ``stage`` gives, with no training around it."""
    actions = spaces.MultiDiscrete([stage.size] * slate_size)
    network = SlateActorCritic(stage.space(), actions, lambda left: 0.0, items=stage.columns, temper=temper)
    network.set_training_mode(False)
    return network
