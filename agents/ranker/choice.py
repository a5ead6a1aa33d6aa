"""How users choose from a slate, as rankers learn it: one item at most, or each by itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from scipy.special import expit
from torch import Tensor, nn

from driftrec.agents.ranker.slate_optimiser import slate_gains
from driftrec.simulators import warm
from driftrec.simulators.vectors import Float

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
    """A learned choice model over appeals, the logits of opening an item, that of opening nothing being 0.

    The one place that knows how many items of a slate are opened.

    Attributes:
        examination: Gives the log weights of positions, (slate_size,).
        several: Whether several items of a slate may be opened.
    """

    examination: Callable[[], Tensor]
    several = False

    def loss(self, appeal: Tensor, clicks: Tensor, nothing: Tensor | None = None) -> Tensor:
        """Mean negative log-likelihood a slate.

        Args:
            appeal: (users, slate_size).
            clicks: Bool, (users, slate_size).
            nothing: Logit of opening nothing where it is not 0, (users, 1).
        """
        raise NotImplementedError

    def squared_error(self, error: Tensor, clicks: Tensor) -> Tensor:
        """Sum of the squares of ``error`` over what was opened; arguments (users, slate_size)."""
        return (error * clicks).square().sum()

    def shared(self) -> dict[str, nn.Parameter]:
        """Parameters that the ranker holds for it, by their names there."""
        return {}

    def chances(self, appeal: Tensor) -> Tensor:
        """P(open position k) of slates whose items have ``appeal``, both (users, slate_size)."""
        raise NotImplementedError

    def expected(self, appeal: Float) -> Float:
        """``chances`` of arrays."""
        with torch.inference_mode():
            here = torch.from_numpy(appeal).to(self.examination().device)
            return self.chances(here).cpu().numpy()

    def gains(self, appeal: Float, value: Float) -> Float:
        """Worth of a place in the slate, (users, items), from appeal and value if opened, both (users, items)."""
        raise NotImplementedError

    def weight(self, appeal: Tensor) -> tuple[Tensor, Tensor]:
        """What gains grow by with value, w(appeal), and the slope of its logarithm, both of the shape of ``appeal``."""
        raise NotImplementedError

    def score(self, gains: Float) -> Float:
        """What PPO's logits start from, 0 for the best and less for others, from ``gains``, best first."""
        raise NotImplementedError


class OneClick(Choice):
    """P(open position k) = w_k / (1 + sum_j w_j),  w_k = exp(appeal_k + examination_k).

    Args:
        slate_size: Positions.
    """

    def __init__(self, slate_size: int) -> None:
        super().__init__()
        self.examination = Examination(slate_size)

    def loss(self, appeal: Tensor, clicks: Tensor, nothing: Tensor | None = None) -> Tensor:
        """Mean negative log-likelihood a slate, see ``Choice``."""
        logits = appeal + self.examination()
        logits = nn.functional.pad(logits, (0, 1)) if nothing is None else torch.cat([logits, nothing], dim=1)
        opened = torch.where(clicks.any(1), clicks.float().argmax(1), clicks.shape[1])
        return nn.functional.cross_entropy(logits, opened)

    def chances(self, appeal: Tensor) -> Tensor:
        """Chances of slates, see ``Choice``."""
        log = self.examination()
        return nn.functional.pad(appeal + (log - log[0]), (0, 1)).softmax(dim=1)[:, :-1]

    def gains(self, appeal: Float, value: Float) -> Float:
        """Worth of a place, a_i (v_i - z), see ``slate_optimiser.slate_gains``."""
        with torch.inference_mode():
            log = self.examination()
            # The best slate is sought as if no position were worth more than those before it.
            positions = torch.cummin((log - log[0]).exp(), dim=0).values.cpu().numpy()
        attraction = np.minimum(appeal, np.float32(30.0), out=warm.like(appeal))
        return slate_gains(np.exp(attraction, out=attraction), value, 1.0, positions)

    def weight(self, appeal: Tensor) -> tuple[Tensor, Tensor]:
        """The attraction a_i, see ``Choice``."""
        return appeal.clamp(max=30.0).exp(), torch.ones_like(appeal)

    def score(self, gains: Float) -> Float:
        """Gains less the best's, over the largest: those below 0 differ, and a slate may have to hold some."""
        return (gains - gains[:, :1]) / np.maximum(np.abs(gains).max(axis=1, keepdims=True), SMALLEST)


class Given:
    """Log weights of positions as they are, (slate_size,)."""

    def __init__(self, values: nn.Parameter) -> None:
        self.values = values

    def __call__(self) -> Tensor:
        """The weights as they are now."""
        return self.values


class OneOfMany(OneClick):
    """``OneClick`` on a catalogue, which holds more good items than a slate; any weights of positions.

    Args:
        slate_size: Positions.
    """

    def __init__(self, slate_size: int) -> None:
        nn.Module.__init__(self)
        self._bias = Given(nn.Parameter(torch.zeros(slate_size)))
        self.examination = self._bias

    def shared(self) -> dict[str, nn.Parameter]:
        """The weights, under a name that checkpoints have had for long."""
        return {"position_bias": self._bias.values}

    def squared_error(self, error: Tensor, clicks: Tensor) -> Tensor:
        """Sum of the squares over what was opened, see ``Choice``."""
        opened = clicks.float().argmax(dim=1, keepdim=True)
        return (error.gather(1, opened)[:, 0] * clicks.any(dim=1)).square().sum()

    def score(self, gains: Float) -> Float:
        """Logarithm of the gains over the best: nothing worth showing has gains below 0."""
        return _log_share(gains)


class AnyClick(Choice):
    """P(click position k) = sigmoid(appeal_k) exp(examination_k), each by itself.

    Args:
        slate_size: Positions.
    """

    several = True

    def __init__(self, slate_size: int) -> None:
        super().__init__()
        self.examination = Examination(slate_size)

    def loss(self, appeal: Tensor, clicks: Tensor, nothing: Tensor | None = None) -> Tensor:
        """Mean negative log-likelihood a slate, see ``Choice``."""
        log_p = nn.functional.logsigmoid(appeal if nothing is None else appeal - nothing) + self.examination()
        log_not = torch.log1p(-log_p.exp().clamp(max=1.0 - 1e-6))
        return -torch.where(clicks, log_p, log_not).sum(dim=1).mean()

    def chances(self, appeal: Tensor) -> Tensor:
        """Chances of slates, see ``Choice``."""
        return appeal.sigmoid() * self.examination().exp()

    def gains(self, appeal: Float, value: Float) -> Float:
        """Worth of the first place, sigmoid(appeal_i) v_i; order settles the rest."""
        chance: Float = expit(appeal)
        return chance * value

    def weight(self, appeal: Tensor) -> tuple[Tensor, Tensor]:
        """The chance at the first place, see ``Choice``."""
        chance = appeal.sigmoid()
        return chance, 1.0 - chance

    def score(self, gains: Float) -> Float:
        """Logarithm of the gains over the best, which are chances times engagement, never below 0."""
        return _log_share(gains)


def _log_share(gains: Float) -> Float:
    """Logarithms of gains over the best's, (users, items), best first."""
    best = np.maximum(gains[:, :1], SMALLEST)
    return np.log(np.maximum(gains / best, SMALLEST))
