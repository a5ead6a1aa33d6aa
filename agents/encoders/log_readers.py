"""What a log encoder makes of users: of the whole window, or of one page more than at the request before."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from driftrec.agents.encoders.log_encoders import Recurrent, Transformer
from driftrec.agents.encoders.pages import MOST, Pages

LOG = ("shown", "clicked", "engagement", "age")
"""Fields of an observation that tell of impressions."""

HIDDEN = "(hidden vector)"
"""Of an observation: what a recurrent encoder has made of a user, where it was asked. No world has such a field."""


class LogReader(nn.Module):
    """Reads the window anew at every request.

    Args:
        pages: Makes tokens.
        encoder: Reads them.
    """

    def __init__(self, pages: Pages, encoder: Recurrent | Transformer) -> None:
        super().__init__()
        self.pages, self.encoder = pages, encoder
        self.dims = encoder.dims

    def forward(self, observation: Mapping[str, Tensor]) -> Tensor:
        """What the pages say of users, (users, dims)."""
        tokens = self.pages(observation)
        read: Tensor = self.encoder(tokens.values, tokens.there)[:, -1]
        return read


class StepReader(LogReader):
    """May go on from the hidden vector of the request before, one page further, see ``Carrier``.

    While the window holds all that a user was shown, both are the same up to rounding. Later a hidden vector that was
    carried remembers, faintly, more than a window holds.

    Args:
        pages: Makes tokens.
        encoder: Reads them.
    """

    READS: tuple[str, ...] = LOG
    at_once = 1024

    def __init__(self, pages: Pages, encoder: Recurrent) -> None:
        super().__init__(pages, encoder)
        self.slate_size = pages.slate_size

    def forward(self, observation: Mapping[str, Tensor]) -> Tensor:
        """What the pages say of users, (users, dims); as it was carried, where that is told."""
        return observation[HIDDEN] if HIDDEN in observation else super().forward(observation)

    @torch.no_grad()
    def follow(
        self, observation: Mapping[str, Tensor], before: Mapping[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """Hidden vectors after the newest page, by those ``before`` it; or after the window."""
        tokens = self.pages(observation, most=MOST if before is None else 1)
        start = None if before is None else before["hidden"]
        return {"hidden": self.encoder(tokens.values, tokens.there, start)[:, -1].contiguous()}

    def told(self, carried: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Hidden vectors, under ``HIDDEN``."""
        return {HIDDEN: carried["hidden"]}
