"""What is remembered of steps, to learn from it many times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

Step = Mapping[str, Tensor]
"""What is remembered of one step of some users, leading axis users."""


class Replay:
    """A ring of steps.

    Args:
        size: Steps it holds; the oldest are written over.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.added = 0
        self._kept: dict[str, Tensor] = {}

    def __len__(self) -> int:
        return min(self.added, self.size)

    def add(self, step: Step) -> None:
        """Remember the steps of some users, at most ``size``."""
        if not self._kept:
            self._kept = self._room(step)
        users = len(next(iter(step.values())))
        rows = (self.added + torch.arange(users)) % self.size
        for name, value in step.items():
            self._kept[name][rows] = value
        self.added += users

    def sample(self, count: int, generator: torch.Generator) -> Step:
        """``count`` steps, each drawn from all; there must be some."""
        rows = torch.randint(len(self), (count,), generator=generator)
        return {name: value[rows] for name, value in self._kept.items()}

    def kept(self) -> dict[str, Any]:
        """All that ``go_on`` takes up; tensors are shared, not copied."""
        return {"added": self.added, "steps": {name: value[: len(self)] for name, value in self._kept.items()}}

    def go_on(self, kept: Mapping[str, Any]) -> None:
        """Remember what another one of the same size has ``kept``."""
        self.added, self._kept = kept["added"], self._room(kept["steps"])
        for name, value in kept["steps"].items():
            self._kept[name][: len(self)] = value

    def _room(self, step: Step) -> dict[str, Tensor]:
        """Zeros for ``size`` steps such as this one's."""
        return {name: value.new_zeros(self.size, *value.shape[1:]) for name, value in step.items()}
