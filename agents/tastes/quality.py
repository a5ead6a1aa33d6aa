"""Quality of items while tastes are fitted: what texts tell of it, and what is an item's own."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

WIDE = 1.0
"""Variance of what is an item's own, to begin with."""

LEAST = 1e-4
"""Variance that no log makes smaller."""


class Quality(nn.Module):
    """Utility of each item to everybody.

    quality_i = <text_i, says> + own_i, own_i from N(0, v), says from N(0, 1). v is learned (empirical Bayes): it is the
    mean square of own_i with what is left open of it, 1 / (h_i + 1 / v). h_i = n_i p_i (1 - p_i) is about the curvature
    of the likelihood of an item that was shown n_i times and opened a share p_i of them. Beside an item's own showings
    stand 1 / (v p (1 - p)) more at the share p of all, which tell as much as N(0, v) does: by its own alone an item
    that was never opened, or always, would tell nothing.

    Args:
        opened: How often each item was, (items,).
        shown: How often each item was on offer, (items,).
        begin: Own quality to begin with, (items,).
        texts: See ``KnownItems``.

    Attributes:
        own: What is an item's own, (items,).
        says: What each column of the texts adds, (embedding,); empty without texts.
        variance: v.
    """

    variance: torch.Tensor

    def __init__(
        self,
        opened: NDArray[np.int64],
        shown: NDArray[np.int64],
        begin: NDArray[np.float64],
        texts: torch.Tensor | None,
    ) -> None:
        super().__init__()
        self._opened, self._shown = (torch.as_tensor(times, dtype=torch.float32) for times in (opened, shown))
        self._usual, self._texts = float((opened.sum() + 1) / (shown.sum() + 2)), texts
        self.own = nn.Parameter(torch.as_tensor(begin, dtype=torch.float32))
        self.says = nn.Parameter(torch.zeros(0 if texts is None else texts.shape[1]))
        self.register_buffer("variance", torch.tensor(max(float(np.var(begin)), WIDE)))

    def forward(self) -> torch.Tensor:
        """Around a mean of 0, (items,): a level of all is ``no_click``'s."""
        quality = self.own if self._texts is None else self.own + self._texts @ self.says
        return quality - quality.mean()

    def cost(self) -> torch.Tensor:
        """Minus the log-density of what is own and of what texts say."""
        return self.own.square().sum() / (2.0 * self.variance) + self.says.square().sum() / 2.0

    @torch.no_grad()
    def settle(self) -> None:
        """Set the variance to that of what is own."""
        open_ = 1.0 / (self._told() + 1.0 / self.variance)
        self.variance.copy_((self.own.square() + open_).mean().clamp(min=LEAST))

    def _told(self) -> torch.Tensor:
        """What the log tells of each item, h, (items,)."""
        usual = self._usual
        beside = 1.0 / (self.variance * usual * (1.0 - usual))
        share = (self._opened + beside * usual) / (self._shown + beside)
        return self._shown * share * (1.0 - share)
