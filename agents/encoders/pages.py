"""The log of impressions page by page: what was shown at once, what of it was opened, and how long until the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from driftrec.agents.encoders.item_tables import Table
from driftrec.agents.encoders.kept import Kept, product

MOST = 32
"""Pages that are read at most, the newest: what an encoder anew of every request costs is bounded by it."""

_KINDS = 3


class Tokens(NamedTuple):
    """Pages, oldest first; those before a user's first are not there, and say nothing."""

    values: Tensor  # (users, pages, token_dims)
    content: Tensor  # (users, pages, content_dims) the same without the hours that follow
    there: Tensor  # (users, pages) bool


class Pages(nn.Module):
    """From an observation to one token a page.

        c_p = [sum_k w_jk g_j v_k for each j; mean of g_j for each j],  g_j = 1, whether opened, its engagement
        token_p = GELU(W [c_p, log(1 + hours from page p to the next, or to now)] + b)

    with v_k the projected vector of the item at position k, and a weight w_jk of every position, learned from 1.

    Args:
        items: Item vectors.
        slate_size: Impressions of a page.
        dims: Length of projected vectors.
        token_dims: Length of a token.
    """

    def __init__(self, items: Table, slate_size: int, dims: int = 24, token_dims: int = 32) -> None:
        super().__init__()
        self.items, self.slate_size, self.token_dims = items, slate_size, token_dims
        self.content_dims = _KINDS * (dims + 1)
        self.project = nn.Linear(items.dims, dims)
        self.positions = nn.Parameter(torch.ones(_KINDS, slate_size))
        self.token = nn.Linear(self.content_dims + 1, token_dims)
        self._items = Kept()

    def forward(self, observation: Mapping[str, Tensor], most: int = MOST) -> Tokens:
        """Tokens of the last pages, at most ``most`` of them; what is left of an older page is not read."""
        shown, clicked, engagement, age = pages_of(observation, self.slate_size, most)
        happened = (shown >= 0).float()
        kinds = torch.stack([happened, clicked.float(), engagement], dim=2)  # (users, pages, kinds, slate_size)
        projected = product(self._items, self.project, self.items())
        vectors = nn.functional.embedding(shown.long().clamp(min=0), projected)  # (users, pages, slate_size, dims)
        content = torch.cat([((kinds * self.positions) @ vectors).flatten(2), kinds.mean(dim=3)], dim=2)
        there, hours = (shown >= 0).any(dim=2), torch.log1p(hours_after(age.amax(dim=2)))
        values = self.token(torch.cat([content, hours[..., None]], dim=2))
        return Tokens(nn.functional.gelu(values), content, there)


def pages_of(observation: Mapping[str, Tensor], slate_size: int, most: int) -> tuple[Tensor, ...]:
    """Shown, clicked, engagement and age of the last pages, each (users, pages, slate_size).

    Raises:
        ValueError: If the observation holds less than a page.
    """
    seen = observation["shown"].shape[1]
    pages = min(seen // slate_size, most)
    if not pages:
        raise ValueError(
            f"The observation holds {seen} impressions, less than one slate of {slate_size}; a log encoder reads whole "
            "pages. Raise --history, or take --settings.encoder fading."
        )
    names = ("shown", "clicked", "engagement", "age")
    return tuple(observation[name][:, -pages * slate_size :].unflatten(1, (pages, slate_size)) for name in names)


def hours_after(age: Tensor) -> Tensor:
    """Hours from every page to the next, or to now, from their ``age``; both (users, pages)."""
    return (age - nn.functional.pad(age[:, 1:], (0, 1))).clamp(min=0.0)
