"""How users choose from a slate, as the rankers on published worlds learn it: one item at most, or each by itself."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch import Tensor, nn

from driftrec.agents.ranker.slate_optimiser import slate_gains

Float = NDArray[np.float32]


SMALLEST = np.float32(1e-3)
"""Of gains, where they are divided by or a logarithm is taken."""


class Examination(nn.Module):
    """Logarithms of the positions' weights: 0 for the first, never increasing, learned.

    Args:
        slate_size: Positions.
    """

    def __init__(self, slate_size: int) -> None:
        super().__init__()
        self.falls = nn.Parameter(torch.full((slate_size - 1,), -3.0))

    def forward(self) -> Tensor:
        """Log weights, (slate_size,)."""
        return nn.functional.pad(-nn.functional.softplus(self.falls).cumsum(dim=0), (1, 0))


class Choice(nn.Module):
    """A learned choice model over appeals, the logits of opening an item.

    Args:
        slate_size: Positions.
    """

    def __init__(self, slate_size: int) -> None:
        super().__init__()
        self.examination = Examination(slate_size)

    def loss(self, appeal: Tensor, clicks: Tensor) -> Tensor:
        """Mean negative log-likelihood a slate of ``clicks``, bool, under ``appeal``, both (users, slate_size)."""
        raise NotImplementedError

    def chances(self, appeal: Tensor) -> Tensor:
        """P(open position k) of slates whose items have ``appeal``, both (users, slate_size)."""
        raise NotImplementedError

    def gains(self, appeal: Float, value: Float) -> Float:
        """Worth of a place in the slate, (users, items), from appeal and value if opened, both (users, items)."""
        raise NotImplementedError

    def score(self, gains: Float) -> Float:
        """What PPO's logits start from, 0 for the best and less for others, from ``gains``, best first."""
        raise NotImplementedError


class OneClick(Choice):
    """P(open position k) = w_k / (1 + sum_j w_j),  w_k = exp(appeal_k + examination_k)."""

    def loss(self, appeal: Tensor, clicks: Tensor) -> Tensor:
        """Mean negative log-likelihood a slate, see ``Choice``."""
        logits = nn.functional.pad(appeal + self.examination(), (0, 1))
        nothing = clicks.shape[1]
        return nn.functional.cross_entropy(logits, torch.where(clicks.any(1), clicks.float().argmax(1), nothing))

    def chances(self, appeal: Tensor) -> Tensor:
        """Chances of slates, see ``Choice``."""
        return nn.functional.pad(appeal + self.examination(), (0, 1)).softmax(dim=1)[:, :-1]

    def gains(self, appeal: Float, value: Float) -> Float:
        """Worth of a place, a_i (v_i - z), see ``slate_optimiser.slate_gains``."""
        with torch.inference_mode():
            positions = self.examination().exp().numpy()
        return slate_gains(np.exp(np.minimum(appeal, 30.0)), value, 1.0, positions)

    def score(self, gains: Float) -> Float:
        """Gains less the best's, over the largest: those below 0 differ, and a slate may have to hold some."""
        return (gains - gains[:, :1]) / np.maximum(np.abs(gains).max(axis=1, keepdims=True), SMALLEST)


class AnyClick(Choice):
    """P(click position k) = sigmoid(appeal_k) exp(examination_k), each by itself."""

    def loss(self, appeal: Tensor, clicks: Tensor) -> Tensor:
        """Mean negative log-likelihood a slate, see ``Choice``."""
        log_p = nn.functional.logsigmoid(appeal) + self.examination()
        log_not = torch.log1p(-log_p.exp().clamp(max=1.0 - 1e-6))
        return -torch.where(clicks, log_p, log_not).sum(dim=1).mean()

    def chances(self, appeal: Tensor) -> Tensor:
        """Chances of slates, see ``Choice``."""
        return appeal.sigmoid() * self.examination().exp()

    def gains(self, appeal: Float, value: Float) -> Float:
        """Worth of the first place, sigmoid(appeal_i) v_i; order settles the rest."""
        chance: Float = expit(appeal)
        return chance * value

    def score(self, gains: Float) -> Float:
        """Logarithm of the gains over the best, which are chances times engagement, never below 0."""
        best = np.maximum(gains[:, :1], SMALLEST)
        return np.log(np.maximum(gains / best, SMALLEST))
