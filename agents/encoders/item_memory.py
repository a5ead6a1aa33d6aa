"""What a user has opened of single items: what is known is liked, and tires for a while."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from driftrec.agents.encoders.fading import fading

START_HALF_LIVES = (6.0, 96.0, 2000.0)
"""Hours over which counts fade, to begin with; they are learned."""

KINDS = 2
NUMBERS = KINDS * len(START_HALF_LIVES)
"""Of an item: how often it was opened, by half-life, ``RECENT`` the middle one, and how often passed over."""

KEYS = ("shown", "clicked", "age")
"""Entries of an observation that it reads."""


class ItemMemory(nn.Module):
    """What the past with an item adds to its appeal, nothing where there is none.

        c = sum over the impressions j of the item: g_j 2^(-age_j / half_life), g_j opened or passed over
        again = f(log(1 + c)) - f(0), f a small network whose last layer begins at 0

    Args:
        hidden: Width of f.
    """

    def __init__(self, hidden: int = 24) -> None:
        super().__init__()
        self.log_half_life = nn.Parameter(torch.tensor(START_HALF_LIVES).log2().repeat(KINDS, 1))
        self.inputs = nn.Linear(NUMBERS, hidden)
        self.out = nn.Linear(hidden, 1, bias=False)
        nn.init.zeros_(self.out.weight)

    def of_all(self, observation: Mapping[str, Tensor], num_items: int) -> Tensor:
        """The past with every item of a catalogue, log(1 + c), (users, items, ``NUMBERS``)."""
        weights, shown = self._weights(observation)
        counts = weights.new_zeros(len(shown), NUMBERS, num_items)
        counts.scatter_add_(2, shown.clamp(min=0)[:, None].expand_as(weights), weights)
        return counts.log1p_().transpose(1, 2)

    def of(self, observation: Mapping[str, Tensor], items: Tensor) -> Tensor:
        """The same of ``items`` (users, n), (users, n, ``NUMBERS``)."""
        weights, shown = self._weights(observation)
        same = (shown[:, :, None] == items[:, None]).float()  # (users, impressions, n)
        return torch.bmm(weights, same).log1p().transpose(1, 2)

    def forward(self, past: Tensor) -> Tensor:
        """What ``past`` (..., ``NUMBERS``) adds to appeal, (...)."""
        nothing = self.out(torch.relu(self.inputs.bias))
        return (self.out(torch.relu(self.inputs(past))) - nothing)[..., 0]

    def serving(self, past: Tensor) -> Tensor:
        """The same where no gradient is wanted: of most items there is no past."""
        some = past.amax(dim=2) > 0
        added = past.new_zeros(some.shape)
        added[some] = self(past[some])
        return added

    def _weights(self, observation: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """What impressions count, (users, ``NUMBERS``, impressions), 0 for none; and their items, -1 for none."""
        shown, opened = observation["shown"].long(), observation["clicked"].float()
        kinds = torch.stack([opened, (shown >= 0).float() - opened], dim=1)
        return fading(kinds, observation["age"], self.log_half_life), shown
