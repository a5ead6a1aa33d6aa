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


class PastResponses(nn.Module):
    """What a window of responses says of a user's taste in topics, for worlds that show nothing else of a user.

    For every topic a: the positions shown n_a, those clicked c_a, the mean quality of those clicked and of those passed
    over (0 where there are none), and how far clicks exceed what they would be if all topics were liked alike,

        (c_a - e_a) / sqrt(e_a + 1),  e_a = n_a * (clicks / positions shown)

    which tells tastes apart at any length of the past, as counts alone do not: a net that reads them must tell a few
    clicks apart on a scale of hundreds. Last, the steps without a click. Nothing is learned.

    Args:
        topics: Numbers that the observation's "cluster" takes, beside -1 for positions before the first slate.
        slate_size: Positions of one step.
    """

    def __init__(self, topics: int, slate_size: int) -> None:
        super().__init__()
        self.topics, self.slate_size = topics, slate_size
        self.width = 5 * topics + 1

    def forward(self, observation: Mapping[str, Tensor]) -> Tensor:
        """State vectors, (users, width)."""
        cluster, clicked = observation["cluster"], observation["clicked"] > 0  # (users, positions)
        of_topic = cluster[:, None] == torch.arange(self.topics)[:, None]  # (users, topics, positions)
        taken, passed = (of_topic & clicked[:, None]).float(), (of_topic & ~clicked[:, None]).float()
        clicks, shown = taken.sum(dim=2), of_topic.sum(dim=2).float()
        qualities = [_mean(observation["quality"], kind) for kind in (taken, passed)]
        steps = ((cluster >= 0) & ~clicked).unflatten(1, (-1, self.slate_size)).all(dim=2)  # (users, history)
        idle = steps.sum(dim=1, keepdim=True).float()
        return torch.cat([shown, clicks, *qualities, _excess(clicks, shown), idle], dim=1)


def _mean(values: Tensor, kinds: Tensor) -> Tensor:
    """Means of ``values`` (users, positions) over ``kinds`` (users, topics, positions), 0 or 1; (users, topics)."""
    return torch.bmm(kinds, values[..., None])[..., 0] / kinds.sum(dim=2).clamp(min=1.0)


def _excess(clicks: Tensor, shown: Tensor) -> Tensor:
    """Clicks beyond those expected at the user's rate over all topics, in deviations; all (users, topics)."""
    rate = clicks.sum(dim=1, keepdim=True) / shown.sum(dim=1, keepdim=True).clamp(min=1.0)
    expected = shown * rate
    return (clicks - expected) / (expected + 1.0).sqrt()
