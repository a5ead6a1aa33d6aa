"""What is believed of each user's own interest while tastes are fitted: a normal distribution, by natural gradients.

Own interests are N(0, s^2) each, and what a user's may be is N(m, C): of n slates that each tell F of it, with
C = (n F + 1 / s^2)^-1. F is the mean product of slates' slopes, and s what own interests have with what is left open of
them (empirical Bayes). What moves m is the slope of the likelihood at a draw from N(m, C), times C (Khan and Rue, "The
Bayesian Learning Rule", 2023), where a step size that all parameters share throws about what is told of rarely; and
other numbers are not bent by own interests that are taken for known.

F is one for all users. s counts those alone of whom something was learned: that nothing is known of the others says
nothing of how far apart people are. It needs passes, for means move a part of the way in each.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

BROAD = 1.0
"""Standard deviation of own interests, to begin with."""

SLOWLY = 0.02
"""Weight of a gradient's slates in what a slate is held to tell."""

LEAST = 1e-6
"""Variance of own interests that no log makes smaller."""


class OwnInterests(nn.Module):
    """Own interests of the users of a log.

    Args:
        slates: That each user has to learn from, (users,).
        dims: Of an interest.
        seed: Source of the draws.

    Attributes:
        mean: Of what each user's may be, (users, dims).
        variance: Of own interests over users, s^2.
        told: What a slate tells, F, (dims, dims).
        met: Of whom something was learned, bool, (users,).
    """

    mean: torch.Tensor
    variance: torch.Tensor
    told: torch.Tensor
    met: torch.Tensor

    def __init__(self, slates: NDArray[np.int64], dims: int, seed: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(len(slates), dims))
        self.register_buffer("variance", torch.tensor(BROAD**2))
        self.register_buffer("told", torch.zeros(dims, dims))
        self.register_buffer("met", torch.zeros(len(slates), dtype=torch.bool))
        self._slates, self._draw = torch.as_tensor(slates, dtype=torch.float32), torch.Generator().manual_seed(seed)
        self._used: tuple[torch.Tensor, torch.Tensor] | None = None

    def forward(self, users: torch.Tensor, slates: int) -> torch.Tensor:
        """Of ``users`` (stretches,), (stretches, slates, dims): while the model learns a draw, else the mean."""
        if not self.training:
            return self.mean[users][:, None].expand(-1, slates, -1)
        noise = torch.randn(len(users), self.mean.shape[1], generator=self._draw)
        drawn = self._drawn(users, noise)[:, None].expand(-1, slates, -1).clone().requires_grad_()
        self._used = users, drawn
        return drawn

    @torch.no_grad()
    def follow(self, weights: torch.Tensor, scale: float, pace: float) -> None:
        """Move on by the slopes of the last draws, which a loss went back through; nothing if none were made.

        Args:
            weights: How often each user counts, (users,): a slope of two copies is that of each twice.
            scale: What the loss is to be multiplied by to be minus a sum of log-likelihoods.
            pace: Share of the way to where a pass over all of a user's slates would lead, in [0, 1]: falling to 0, for
                a draw's slope says a little else than the next one's.
        """
        if self._used is None:
            return
        (users, drawn), self._used = self._used, None
        assert drawn.grad is not None
        there = weights[users] > 0
        users = users[there]
        slope = -scale * drawn.grad[there] / weights[users, None, None]
        counted = slope.any(dim=2)  # a slate that is not there tells nothing
        if not counted.any():
            return
        product = torch.einsum("usd,use->de", slope, slope) / counted.sum()
        self.told.lerp_(product, SLOWLY if self.told.any() else 1.0)
        self._move(users, slope.sum(dim=1), counted.sum(dim=1).float(), pace)
        self._settle(weights)

    def people(self, seed: int) -> NDArray[np.float32]:
        """An own interest of every user, drawn from what the log leaves open, (users, dims)."""
        noise = np.random.default_rng(seed).standard_normal(self.mean.shape, np.float32)
        return self._drawn(torch.arange(len(self.mean)), torch.as_tensor(noise)).numpy()

    def _move(self, users: torch.Tensor, slope: torch.Tensor, counted: torch.Tensor, pace: float) -> None:
        """By slopes (stretches, dims) of so many slates; a user's of whom there are some goes a part of the way."""
        who, which = torch.unique(users, return_inverse=True)
        slope = torch.zeros(len(who), slope.shape[1]).index_add_(0, which, slope)
        share = torch.zeros(len(who)).index_add_(0, which, counted) / self._slates[who]
        axes, precision = self._precision(who)
        step = slope - share[:, None] * self.mean[who] / self.variance
        self.mean[who] += pace * (step @ axes / precision) @ axes.T
        self.met[who[share > 0]] = True

    def _settle(self, weights: torch.Tensor) -> None:
        """Set the variance to what own interests of users met have, each with what is left open of it."""
        met = self.met.nonzero()[:, 0]
        _, precision = self._precision(met)
        each = (self.mean[met].square() + 1.0 / precision).mean(dim=1)
        self.variance.copy_((weights[met] @ each / weights[met].sum()).clamp(min=LEAST))

    def _drawn(self, users: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Draws by standard normal ``noise``, both (users, dims); the same whichever way axes point."""
        axes, precision = self._precision(users)
        return self.mean[users] + (noise @ axes / precision.sqrt()) @ axes.T

    def _precision(self, users: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Axes in its columns (dims, dims), and the precision of each user along them, (users, dims)."""
        told, axes = torch.linalg.eigh(self.told)
        return axes, self._slates[users, None] * told.clamp(min=0.0) + 1.0 / self.variance
