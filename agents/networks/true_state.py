"""The state vector of a policy that is told the truth: what an encoder could give if it knew its users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, cat, nn, zeros

from driftrec.agents.policy import Observation, Policy, Slates
from driftrec.simulators.revealed import RevealedNews

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
        x = cat([observation[name] for name in TRUTH], dim=1)
        return self.linear(x) + self.mlp(x)

    def learn(self, observation: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """State vectors, and nothing that is to be learned beside them, see ``user_state.Encoder``."""
        return self(observation), zeros(())


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
