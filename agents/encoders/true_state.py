"""Encoders that are told the users' true state, while they serve or while they learn: what knowing them would bring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from driftrec.agents.encoders.topic_memory import TopicMemory
from driftrec.agents.encoders.user_state import Encoder
from driftrec.agents.policy import Observation, Policy, Slates
from driftrec.simulators.revealed import TRUE, RevealedNews

TRUTH = ("interest", "satiation", "satisfaction")


class TrueState(nn.Module):
    """True interest, satiation and satisfaction -> state vector, A x + MLP(x); stands in for ``StateEncoder``.

    Args:
        columns: Numbers in x, ``truth_columns(world)``.
        state_dims: Length of the state vector.
    """

    def __init__(self, columns: int, state_dims: int = 96) -> None:
        super().__init__()
        self.state_dims = state_dims
        self.linear = nn.Linear(columns, state_dims)
        self.mlp = nn.Sequential(nn.Linear(columns, 128), nn.GELU(), nn.Linear(128, state_dims))

    def forward(self, observation: Mapping[str, Tensor]) -> Tensor:
        """State vectors, (users, state_dims), of the observations of ``RevealedNews``."""
        x = torch.cat([observation[name] for name in TRUTH], dim=1)
        return self.linear(x) + self.mlp(x)

    def learn(self, observation: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """State vectors, and nothing that is to be learned beside them, see ``user_state.Encoder``."""
        return self(observation), torch.zeros(())


class ToldState(nn.Module):
    """State vectors of another encoder, and after them guesses of the hidden truth.

        guess = A x + MLP(x),  x = [state, vectors of the topics]
        loss = mean over columns of mean (guess - truth)^2 / variance of truth

    The guesses are made from what a recommender sees. But what they aim at only a simulator can tell, so that whatever
    is trained so is an oracle: it shows what knowing the users better would bring. The ranker reads the guesses and
    does not bend them.

    Args:
        encoder: Makes state vectors.
        memory: Reads the topics.
        truth: Numbers of every part of the truth, by name, see ``simulators.revealed.Revealed``.
    """

    def __init__(self, encoder: Encoder, memory: TopicMemory, truth: Mapping[str, int]) -> None:
        super().__init__()
        self.encoder, self.memory = encoder, memory
        self.names = tuple(TRUE + name for name in truth)
        columns = sum(truth.values())
        self.state_dims = encoder.state_dims + columns
        width = encoder.state_dims + memory.shape[0] * memory.shape[1]
        self.linear = nn.Linear(width, columns)
        self.mlp = nn.Sequential(nn.Linear(width, 128), nn.GELU(), nn.Linear(128, columns))

    def forward(self, observation: Mapping[str, Tensor]) -> Tensor:
        """State vectors, (users, state_dims), of observations that need not hold the truth."""
        state = self.encoder(observation)
        return torch.cat([state, self._guess(state, observation).detach()], dim=1)

    def learn(self, observation: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The same of observations that hold the truth, and the part of its variance that is not told."""
        state, beside = self.encoder.learn(observation)
        guess = self._guess(state, observation)
        truth = torch.cat([observation[name] for name in self.names], dim=1)
        wrong = (guess - truth).square().mean(dim=0) / (truth.var(dim=0) + 1e-4)
        return torch.cat([state, guess.detach()], dim=1), beside + wrong.mean()

    def _guess(self, state: Tensor, observation: Mapping[str, Tensor]) -> Tensor:
        x = torch.cat([state, self.memory(observation).flatten(1)], dim=1)
        guess: Tensor = self.linear(x) + self.mlp(x)
        return guess


def truth_columns(world: RevealedNews) -> int:
    """Numbers that ``TrueState`` reads of a user."""
    return world.dims + world.catalogue.num_topics + 1


class Informed:
    """A policy trained on ``RevealedNews``, served in the plain world: an oracle.

    Args:
        policy: Reads the truth in its observations.
        world: Reveals the truth of the states that ``see`` receives.
    """

    def __init__(self, policy: Policy, world: RevealedNews) -> None:
        self.policy = policy
        self.world = world
        self._truth: dict[str, Any] | None = None

    def reset(self, num_users: int, seed: int) -> None:
        """Start over."""
        self.policy.reset(num_users, seed)

    def see(self, state: Any) -> None:
        """Be told the true state; called before every ``act``."""
        self._truth = self.world.truth(state)

    def act(self, observation: Observation) -> Slates:
        """The policy's slates, (users, slate_size)."""
        if self._truth is None:
            raise RuntimeError("Informed.act was called before see(state); oracles need the world's true state.")
        return self.policy.act({**observation, **self._truth})
