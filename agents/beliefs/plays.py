"""Hypotheses on how often one user can hear one thing: how many openings wear it out, and how long it rests."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor, nn

from driftrec.agents.beliefs.hypotheses import REST, PageHistory

LIMITS = (1.3, 1.8, 2.5, 3.5, 5.0, 7.0, 10.0)
"""Wear that wears out, in openings."""

HALF_LIVES = (50.0, 100.0, 200.0)
"""In which wear halves, in the unit of the observation's ages: hours."""


class Plays(NamedTuple):
    """What hypotheses say of single items: at every impression, given the openings before it, and now."""

    slot: Tensor  # (users, impressions) place of the first impression of the same item
    before: Tensor  # (users, pages, slate_size) openings of the item before
    worn: Tensor  # (users, pages, slate_size, limits) 1 where it is worn out
    now: WearNow


class WearNow(NamedTuple):
    """The same before the next page, at the ``slot`` of every item of the window; 0 elsewhere."""

    plays: Tensor  # (users, impressions) openings
    worn: Tensor  # (users, impressions, limits) 1 where it is worn out
    next: Tensor  # (users, impressions, limits) 1 where one more opening wears it out


class Limits(nn.Module):
    """How items may wear out: every combination of some limits and half-lives, the user's own for all items.

        opened: wear <- wear + 1;  wear >= limit: worn
        over h hours: wear <- wear * 2^(-h / half_life);  wear <= REST * limit: not worn

    Attributes:
        limit: (limits,).
        half_life: (limits,).
        levels: Which limit and half-life each has, (2, limits).
        counts: How many of each there are.
    """

    counts = len(LIMITS), len(HALF_LIVES)

    def __init__(self) -> None:
        super().__init__()
        values = torch.tensor(list(product(LIMITS, HALF_LIVES)))
        places = torch.tensor(list(product(*map(range, self.counts))))
        self.limit: Tensor
        self.half_life: Tensor
        self.levels: Tensor
        for name, value in zip(("limit", "half_life"), values.unbind(dim=1), strict=True):
            self.register_buffer(name, value.contiguous(), persistent=False)
        self.register_buffer("levels", places.T.contiguous(), persistent=False)

    @torch.no_grad()
    def follow(self, items: Tensor, pages: PageHistory) -> Plays:
        """What each says of users to whom all was new; ``items`` (users, pages, slate_size), -1 where there is none.

        Wear is faded when it is looked at: between two openings it only falls.
        """
        slot = first_seen(items.flatten(1))
        slots = slot.view_as(items)
        then = pages.hours.cumsum(dim=1) - pages.hours  # of every page, since the first
        rows = slots + torch.arange(len(slots), device=slot.device)[:, None, None] * slot.shape[1]  # of all users'
        wear = then.new_zeros(slot.numel(), len(self.limit))
        worn, at, count = torch.zeros_like(wear), then.new_zeros(slot.numel()), then.new_zeros(slot.numel())
        before = []
        for page, opened in enumerate(pages.opened.unbind(dim=1)):  # (users, slate_size)
            here, hour = rows[:, page].flatten(), then[:, page].repeat_interleave(opened.shape[1])
            faded, was = self._at(wear[here], worn[here], hour - at[here])
            plays, one = count[here], opened.float().flatten()
            before.append((plays, was))
            more = faded + one[:, None]
            wear[here], at[here], count[here] = more, hour, plays + one
            worn[here] = torch.maximum(was, (more >= self.limit) * one[:, None])
        count_before, worn_before = (torch.stack(part).unflatten(1, opened.shape) for part in zip(*before, strict=True))
        end = (then[:, -1] + pages.hours[:, -1]).repeat_interleave(slot.shape[1])
        faded, was = self._at(wear, worn, end - at)
        following = (faded + 1.0 >= self.limit) * (1.0 - was)
        now = WearNow(*(each.unflatten(0, slot.shape) for each in (count, was, following)))
        return Plays(slot, count_before.transpose(0, 1), worn_before.transpose(0, 1), now)

    def _at(self, wear: Tensor, worn: Tensor, hours: Tensor) -> tuple[Tensor, Tensor]:
        """Wear and what is worn out, (n, limits), ``hours`` (n,) after they were so."""
        wear = wear * torch.exp2(-hours[:, None] / self.half_life)
        return wear, worn * (wear > REST * self.limit)


def first_seen(items: Tensor) -> Tensor:
    """Where in a row the same item stands first, (users, places), of ``items`` of that shape."""
    ordered, order = items.sort(dim=1, stable=True)
    starts = torch.ones_like(ordered, dtype=torch.bool)
    starts[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    places = torch.arange(items.shape[1], device=items.device).expand_as(order)
    first = torch.where(starts, places, 0).cummax(dim=1).values
    return torch.empty_like(order).scatter_(1, order, order.gather(1, first))
