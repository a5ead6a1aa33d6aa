"""What the slate head and the value head read of some users: their state, and the candidates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn


@dataclass
class Request:
    """Some users, and the candidates of each.

    Attributes:
        state: Of the users, (users, state_dims).
        columns: What the candidates are, (users, candidates, item_columns).
        topics: Shares of topics in them, (users, candidates, topics); no columns where topics are not known.
        judged: Score, appeal and log engagement, (users, candidates, 3).
        of_topic: What the user's state says of their topics, (users, candidates, topic_dims).
        past: What users opened of the very candidates, (users, candidates, numbers); None where it makes no difference.
        paced: Worth of opening each and load of its topic over the bar, as of ``Pace``, and where showing loads its
            burden, (users, candidates, 2 or 3); None where there are no prices.
    """

    state: Tensor
    columns: Tensor
    topics: Tensor
    judged: Tensor
    of_topic: Tensor
    past: Tensor | None = None
    paced: Tensor | None = None

    @cached_property
    def each(self) -> Tensor:
        """What is known of every candidate by itself, (users, candidates, numbers)."""
        past = [] if self.past is None else [self.past]
        return torch.cat([self.judged, self.columns, self.of_topic, *past], dim=2)


class Queries(nn.Module):
    """The normalised state s, and <R_1 s, x_i>, .., <R_r s, x_i> of every candidate, x_i its columns.

    Args:
        state_dims: Length of the state vector.
        item_columns: Length of x.
        reads: r.
    """

    def __init__(self, state_dims: int, item_columns: int, reads: int) -> None:
        super().__init__()
        self.reads = reads
        self.normalise = nn.LayerNorm(state_dims)
        self.query = nn.Linear(state_dims, reads * item_columns, bias=False)

    def forward(self, request: Request) -> tuple[Tensor, Tensor]:
        """Shapes (users, state_dims) and (users, candidates, reads)."""
        state = self.normalise(request.state)
        queries = self.query(state).unflatten(1, (self.reads, -1)) * request.columns.shape[2] ** -0.5
        return state, torch.bmm(request.columns, queries.transpose(1, 2))
