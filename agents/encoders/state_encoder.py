"""From what a recommender sees of a user to one state vector."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from driftrec.agents.encoders.fading import fading
from driftrec.agents.encoders.item_tables import Table
from driftrec.agents.encoders.kept import Kept, product

START_HALF_LIVES = (0.5, 24.0)
"""Hours over which memories of what was opened fade, to begin with; they are learned."""


class StateEncoder(nn.Module):
    """Persona embedding, fading memories of items read and passed over, and the session clock -> state vector.

    Every impression and every read j carries a projected item vector x_j. A memory is

        m = sum_j w_j x_j / (1 + sum_j w_j),  w_j = g_j * 2^(-age_j / half_life)

    with g_j = [read], its engagement, or [passed over], and half-lives that are learned. Memories, their weights, the
    persona and the clock are normalised to x, and the state is A x + MLP(x): much of taste is linear in them.

    Args:
        items: Item vectors.
        personas: Persona vectors.
        dims: Length of projected vectors.
        state_dims: Length of the state vector.
    """

    def __init__(self, items: Table, personas: Table, dims: int = 32, state_dims: int = 96) -> None:
        super().__init__()
        self.items, self.personas = items, personas
        self.state_dims = state_dims
        self.project_item = nn.Linear(items.dims, dims)
        self.project_persona = nn.Linear(personas.dims, dims)
        self._items, self._people = Kept(), Kept()  # projected: of a large table the most costly part of a request
        half_lives = torch.tensor(START_HALF_LIVES).log2()
        self.log_half_life = nn.Parameter(half_lives.repeat(3, 1))  # (kinds of memory, half-lives)
        memories = self.log_half_life.numel()
        inputs = memories * (dims + 1) + dims + 4
        self.normalise = nn.LayerNorm(inputs)
        self.linear = nn.Linear(inputs, state_dims)
        self.mlp = nn.Sequential(nn.Linear(inputs, 128), nn.GELU(), nn.Linear(128, state_dims))

    def forward(self, observation: Mapping[str, Tensor]) -> Tensor:
        """State vectors, (users, state_dims)."""
        projected = product(self._items, self.project_item, self.items())  # (items, dims)
        read, engagement = observation["read_items"], observation["read_minutes"]
        kinds = torch.stack([(read >= 0).float(), engagement], dim=1)  # (users, kinds, reads)
        of_reads = memories(projected, read, kinds, observation["read_age"], self.log_half_life[:2])
        passed = ((observation["shown"] >= 0) & (observation["clicked"] == 0)).float()[:, None]
        of_passed = memories(projected, observation["shown"], passed, observation["age"], self.log_half_life[2:])
        personas = product(self._people, self.project_persona, self.personas())  # (personas, dims)
        persona = nn.functional.embedding(observation["persona"][:, 0].long(), personas)
        clock = torch.log1p(observation["clock"].float())
        x = self.normalise(torch.cat([*of_reads, *of_passed, persona, clock], dim=1))
        return self.linear(x) + self.mlp(x)

    def learn(self, observation: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """State vectors, and nothing that is to be learned beside them, see ``user_state.Encoder``."""
        return self(observation), torch.zeros(())


def memories(
    projected: Tensor, items: Tensor, kinds: Tensor, age: Tensor, log_half_life: Tensor
) -> tuple[Tensor, Tensor]:
    """Memories, (users, memories * dims), and the logarithms of their weights, (users, memories).

    Args:
        projected: Item vectors, (items, dims).
        items: Item of every event, -1 for none, (users, events).
        kinds: g of every kind of memory, (users, kinds, events).
        age: Hours since, (users, events).
        log_half_life: Base 2, (kinds, half-lives).
    """
    vectors = nn.functional.embedding(items.long().clamp(min=0), projected)  # (users, events, dims)
    weights = fading(kinds, age, log_half_life)
    total = weights.sum(dim=-1)
    memories = torch.bmm(weights, vectors) / (1.0 + total[..., None])
    return memories.flatten(1), torch.log1p(total)
