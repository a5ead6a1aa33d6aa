"""What a log encoder makes of users: of the whole window, or of one page more than at the request before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from driftrec.agents.networks.kept import tensor_versions
from driftrec.agents.networks.log_encoders import Recurrent, Transformer
from driftrec.agents.networks.pages import MOST, Pages, hours_after, pages_of

KEPT_USERS = 32_768
"""Hidden vectors that are kept, at least; beyond twice as many the older half is dropped."""

SAME_HOURS = 0.01
"""Hours by which the time between two pages may differ in two observations: of the clock's rounding."""


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
    """Goes on from the hidden vector of the request before, where no gradients are wanted.

    A request continues one before it if all its pages but the last are what that one's window showed, item by item,
    click by click, and as long after each other. Then one page is read; all others' windows are read anew. Who asks
    with whom, and in which order, does not matter.

    While the window holds all that a user was shown, both are the same up to rounding. Later a hidden vector that was
    kept remembers, faintly, more than a window holds.

    Args:
        pages: Makes tokens.
        encoder: Reads them.
    """

    def __init__(self, pages: Pages, encoder: Recurrent) -> None:
        super().__init__(pages, encoder)
        self._kept = KeptHidden()

    def forward(self, observation: Mapping[str, Tensor]) -> Tensor:
        """What the pages say of users, (users, dims)."""
        shown = pages_of(observation, self.pages.slate_size, MOST)[0]
        if torch.is_grad_enabled() or shown.shape[1] < 2:
            return super().forward(observation)
        self._kept.made_by(tensor_versions((*self.parameters(), self.pages.items())))
        seen = Windows.of(observation, self.pages.slate_size)
        found, before = self._kept.find(seen, self.dims)
        hidden = torch.empty(len(shown), self.dims, device=shown.device)
        for rows, read in ((found, self._one_further), (~found, self._anew)):
            if rows.any():
                hidden[rows] = read({name: observation[name][rows] for name in LOG}, before[rows])
        self._kept.keep(seen, hidden)
        return hidden

    def _one_further(self, observation: Mapping[str, Tensor], before: Tensor) -> Tensor:
        tokens = self.pages(observation, most=1)
        read: Tensor = self.encoder(tokens.values, tokens.there, before)[:, -1]
        return read

    def _anew(self, observation: Mapping[str, Tensor], before: Tensor) -> Tensor:
        return super().forward(observation)


LOG = ("shown", "clicked", "engagement", "age")
"""Fields of an observation that tell of impressions."""


class Windows(NamedTuple):
    """What the windows of some users hold."""

    older: Sequence[bytes]  # digest of all pages but the last
    newer: Sequence[bytes]  # digest of all pages but the first
    hours: Tensor  # (users, pages) from every page to the next, or to now

    @classmethod
    def of(cls, observation: Mapping[str, Tensor], slate_size: int) -> Windows:
        """Those of an observation."""
        shown, clicked, engagement, age = pages_of(observation, slate_size, MOST)
        columns = [part.contiguous().view(torch.uint8) for part in (shown, clicked, engagement)]
        rows = torch.cat(columns, dim=2).cpu().numpy()  # (users, pages, bytes)
        older, newer = ([_digest(row) for row in part] for part in (rows[:, :-1], rows[:, 1:]))
        return cls(older, newer, hours_after(age.amax(dim=2)))


class KeptHidden:
    """Hidden vectors by what the windows that led to them showed.

    Copies and pickles of a network hold nothing of it.
    """

    def __init__(self) -> None:
        self._maker: object = None
        self._young: dict[bytes, tuple[Tensor, Tensor]] = {}
        self._old: dict[bytes, tuple[Tensor, Tensor]] = {}

    def made_by(self, maker: object) -> None:
        """Forget what another maker made, by its weights."""
        if maker != self._maker:
            self._maker, self._young, self._old = maker, {}, {}

    def find(self, seen: Windows, dims: int) -> tuple[Tensor, Tensor]:
        """Which users go on, bool (users,), and from which hidden vectors, (users, dims)."""
        nothing = torch.full_like(seen.hours[0], torch.inf), seen.hours.new_zeros(dims)
        kept = [self._young.get(key) or self._old.get(key) or nothing for key in seen.older]
        hours, hidden = (torch.stack(part) for part in zip(*kept, strict=True))
        return ((hours[:, 1:] - seen.hours[:, :-1]).abs() <= SAME_HOURS).all(dim=1), hidden

    def keep(self, seen: Windows, hidden: Tensor) -> None:
        """Keep ``hidden`` (users, dims)."""
        self._young.update(zip(seen.newer, zip(seen.hours.unbind(), hidden.unbind(), strict=True), strict=True))
        if len(self._young) > KEPT_USERS:
            self._young, self._old = {}, self._young

    def __reduce__(self) -> tuple[type[KeptHidden], tuple[()]]:
        return KeptHidden, ()


def _digest(row: NDArray[np.uint8]) -> bytes:
    return blake2b(row, digest_size=16).digest()  # type: ignore[arg-type]
