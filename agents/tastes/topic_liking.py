"""What users' pasts do to their liking of topics while tastes are fitted: they tire of one, and form habits of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from driftrec.agents.tastes.past import Batch, StretchPast, Weights
from driftrec.simulators.fitted.parameters import LONGEST_HALF_LIFE, MOST_LOAD, SHORTEST_HALF_LIFE, STEEP

SATIATION, THRESHOLD, HABIT = "satiation", "threshold", "habit"
"""Terms of utility, see ``simulators.fitted.parameters.Tastes``: the second is one of the first, nothing without it."""

LOAD, BORED = "load", "bored"
"""Memories of topics beside habits: L and B of ``Tastes``."""

HALF_LIVES = {"satiation": 24.0, "habit": 10.0, "keep": 6.0}
"""Where half-lives begin: hours, days, slates."""

FIRST_THRESHOLD = 5.0
"""Where the threshold begins."""

BEGIN = 0.3
"""Where the weights of what was opened begin: not at 0, from where the wrong sign is as near as the right one."""


class TopicLiking(nn.Module):
    """What is added to the utility of topics, - satiation * log(1 + B) + habit * log(1 + H).

    Args:
        terms: Of utility; those that are not of topics do not count.
        topic: Of each item, (items,); may be None where no term is of topics.
    """

    def __init__(self, terms: Sequence[str], topic: NDArray[np.int64] | None) -> None:
        super().__init__()
        self.terms = {SATIATION, HABIT} & set(terms)
        self.bores_at_once = THRESHOLD not in terms
        self._topics = None if topic is None else nn.functional.one_hot(torch.as_tensor(topic)).float()
        self.satiation = nn.Parameter(torch.tensor(0.0 if self.bores_at_once else BEGIN))
        self.habit = nn.Parameter(torch.tensor(BEGIN))
        self.log_threshold = nn.Parameter(torch.tensor(math.log(FIRST_THRESHOLD)))
        half_lives = {name: nn.Parameter(torch.tensor(math.log(value))) for name, value in HALF_LIVES.items()}
        self.half_lives = nn.ParameterDict(half_lives)

    def sums(self, batch: Batch, past: StretchPast) -> dict[str, torch.Tensor]:
        """What memories of topics hold at every slate of the stretches, each (stretches, slates, topics)."""
        if not self.terms:
            return {}
        assert self._topics is not None
        topics, found = self._topics[batch.opened], {}  # (stretches, width, topics)
        if SATIATION in self.terms and self.bores_at_once:
            found[BORED] = self._left(past).sums(topics, batch.earlier.get(BORED))
        elif SATIATION in self.terms:
            loads = self._left(StretchPast(replace(batch, begin=0))).sums(topics, batch.earlier.get(LOAD))
            bores = topics * self._too_much((loads * topics).sum(dim=2))[:, :, None]
            found[LOAD] = loads[:, batch.begin :]
            found[BORED] = self._left(past).sums(bores, batch.earlier.get(BORED))
        if HABIT in self.terms:
            left = past.faded(past.days, torch.exp(-self.half_lives[HABIT]))
            found[HABIT] = left.sums(topics, batch.earlier.get(HABIT))
        return found

    def forward(self, sums: Mapping[str, torch.Tensor]) -> torch.Tensor | None:
        """Of what memories hold; None where nothing is added."""
        liking = torch.zeros(())
        if SATIATION in self.terms:
            liking = liking - self.satiation * sums[BORED].log1p()
        if HABIT in self.terms:
            liking = liking + self.habit * sums[HABIT].log1p()
        return liking if self.terms else None

    def numbers(self) -> dict[str, float]:
        """Those of ``Tastes`` whose terms are there."""
        found = {name: float(getattr(self, name).detach()) for name in (SATIATION, HABIT) if name in self.terms}
        for name in self.terms:
            half_life = self.half_lives[name].detach().exp().clamp(SHORTEST_HALF_LIFE, LONGEST_HALF_LIFE)
            found[f"{name}_half_life"] = float(half_life)
        if SATIATION in self.terms and not self.bores_at_once:
            found["threshold"] = float(self.log_threshold.detach().exp().clamp(max=MOST_LOAD))
            found["keep"] = float(torch.exp2(-torch.exp(-self.half_lives["keep"].detach())))
        return found

    def _left(self, past: StretchPast) -> Weights:
        """What is left of loads."""
        left = past.faded(past.days, 24.0 * torch.exp(-self.half_lives[SATIATION]))
        if self.bores_at_once:
            return left
        return left.times(past.faded(past.slates(), torch.exp(-self.half_lives["keep"])))

    def _too_much(self, load: torch.Tensor) -> torch.Tensor:
        """What each opening adds to B, of its topic's load before it, see ``Tastes.too_much``."""
        return torch.sigmoid(STEEP * (load.log1p() - self.log_threshold))
