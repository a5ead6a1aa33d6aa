"""From what a published world shows of a user to one state vector."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from driftrec.agents.published.items import Items
from driftrec.agents.state_encoder import memories

HALF_LIVES = (1.0, 3.0, 20.0)
"""Steps over which memories fade by half."""


class Scaler(nn.Module):
    """Takes off the mean and divides by the standard deviation of every column, once both are known.

    Args:
        width: Columns.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mean: Tensor
        self.scale: Tensor
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))

    def learn(self, rows: Tensor) -> None:
        """Take mean and deviation from ``rows`` (rows, width); columns that hardly vary keep their unit."""
        self.mean.copy_(rows.mean(dim=0))
        scale = rows.std(dim=0)
        self.scale.copy_(torch.where(scale > 1e-3, scale, 1.0))

    def forward(self, rows: Tensor) -> Tensor:
        """Scaled rows, at most 10 deviations from the mean."""
        return ((rows - self.mean) / self.scale).clamp(-10.0, 10.0)


class UserVector(nn.Module):
    """The observation's "user" as it is; a constant where the world shows nothing of a user.

    Args:
        width: Numbers of "user", 0 for none.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = max(width, 1)
        self._blind = width == 0

    def forward(self, observation: Mapping[str, Tensor]) -> Tensor:
        """State vectors, (users, width)."""
        if self._blind:
            return torch.ones(len(next(iter(observation.values()))), 1)
        return observation["user"].float()


class PastSlates(nn.Module):
    """Fading memories of what was clicked and of what was passed over, and the world's count of clicks by topic.

    Memories are those of ``driftrec.agents.state_encoder``, ages in steps; the half-lives are fixed.

    Args:
        items: The catalogue.
        topics: Numbers of the observation's "hist".
    """

    def __init__(self, items: Items, topics: int) -> None:
        super().__init__()
        assert items.catalogue is not None
        self.columns: Tensor
        self.register_buffer("columns", items.catalogue, persistent=False)
        self.log_half_life: Tensor
        self.register_buffer("log_half_life", torch.tensor(HALF_LIVES).log2().repeat(2, 1), persistent=False)
        self.width = self.log_half_life.numel() * (items.width + 1) + topics

    def forward(self, observation: Mapping[str, Tensor]) -> Tensor:
        """State vectors, (users, width)."""
        shown, clicked = observation["shown"], observation["clicked"] > 0
        kinds = torch.stack([clicked, (shown >= 0) & ~clicked], dim=1).float()  # (users, kinds, impressions)
        of_slates = memories(self.columns, shown, kinds, observation["age"], self.log_half_life)
        return torch.cat([*of_slates, observation["hist"]], dim=1)
