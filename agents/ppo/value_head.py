"""Estimated returns of a user, from the state and from what may be shown."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from driftrec.agents.ppo.request import Queries, Request


class ValueHead(nn.Module):
    """MLP([state, mean over the candidates of f(A [what is known of each, <R_1 s, x_i>, ..])]), f the ReLU.

    Args:
        state_dims: Length of the state vector.
        each: Numbers known of a candidate by itself, see ``Request.each``.
        item_columns: Length of x.
        hidden: Width of what is made of a candidate.
        reads: How many numbers of a candidate come from state and columns together.
    """

    def __init__(self, state_dims: int, each: int, item_columns: int, hidden: int = 24, reads: int = 4) -> None:
        super().__init__()
        self.queries = Queries(state_dims, item_columns, reads)
        self.candidate = nn.Linear(each + reads, hidden)
        self.out = nn.Sequential(nn.Linear(state_dims + hidden, 128), nn.GELU(), nn.Linear(128, 1))

    def forward(self, request: Request) -> Tensor:
        """(users, 1)."""
        state, read = self.queries(request)
        each = torch.relu(self.candidate(torch.cat([request.each, read], dim=2)))
        return self.out(torch.cat([state, each.mean(dim=1)], dim=1))
