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


ROOM = 16
"""Places that are added at once."""


class Heard(NamedTuple):
    """What users have heard so far, item by item, each at a place of its own; of wear under every hypothesis."""

    items: Tensor  # (users, places) -1 where there is none, as at the last place
    plays: Tensor  # (users, places) openings
    wear: Tensor  # (users, places, limits) as it was ``since`` hours ago
    worn: Tensor  # (users, places, limits) 1 where it was worn out then
    since: Tensor  # (users, places) hours

    @classmethod
    def nothing(cls, users: int, limits: int, device: torch.device) -> Heard:
        """Of users to whom all is new."""
        none = torch.zeros(users, 1, device=device)
        wear = torch.zeros(users, 1, limits, device=device)
        return cls(torch.full_like(none, -1, dtype=torch.long), none, wear, wear.clone(), none.clone())

    def with_room(self, places: int) -> Heard:
        """The same with at least so many places."""
        more = places - self.items.shape[1]
        if more <= 0:
            return self
        items = nn.functional.pad(self.items, (0, more), value=-1)
        plays, since = (nn.functional.pad(each, (0, more)) for each in (self.plays, self.since))
        wear, worn = (nn.functional.pad(each, (0, 0, 0, more)) for each in (self.wear, self.worn))
        return Heard(items, plays, wear, worn, since)


class Plays(NamedTuple):
    """What hypotheses say of single items: at every impression, given the openings before it, and after the last."""

    place: Tensor  # (users, pages, slate_size) of the item
    before: Tensor  # (users, pages, slate_size) openings of the item before
    worn: Tensor  # (users, pages, slate_size, limits) 1 where it is worn out
    heard: Heard


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
    def follow(self, items: Tensor, pages: PageHistory, before: Heard | None = None) -> Plays:
        """What each says of users who had heard so much ``before``, nothing if omitted.

        Wear is faded when it is looked at: between two openings it only falls.

        Args:
            items: (users, pages, slate_size), -1 where there is none.
            pages: What became of them.
            before: Is not written to.
        """
        nothing = Heard.nothing(len(items), len(self.limit), items.device)
        place, heard = placed(items.flatten(1), nothing if before is None else before)
        places = heard.items.shape[1]
        rows = place.view_as(items) + torch.arange(len(items), device=items.device)[:, None, None] * places
        wear, worn, count, since = (
            each.flatten(0, 1).clone() for each in (heard.wear, heard.worn, heard.plays, heard.since)
        )
        then = []
        for page, opened in enumerate(pages.opened.unbind(dim=1)):  # (users, slate_size)
            here, one = rows[:, page].flatten(), opened.float().flatten()
            faded, was = self._after(wear[here], worn[here], since[here])
            plays = count[here]
            then.append((plays, was))
            more = faded + one[:, None]
            wear[here], since[here], count[here] = more, 0.0, plays + one
            worn[here] = torch.maximum(was, (more >= self.limit) * one[:, None])
            since += pages.hours[:, page].repeat_interleave(places)
        count_before, worn_before = (torch.stack(part).unflatten(1, opened.shape) for part in zip(*then, strict=True))
        now = [each.unflatten(0, (len(items), places)) for each in (count, wear, worn, since)]
        plays_before, worn_before = count_before.transpose(0, 1), worn_before.transpose(0, 1)
        return Plays(place.view_as(items), plays_before, worn_before, Heard(heard.items, *now))

    @torch.no_grad()
    def now(self, heard: Heard) -> tuple[Tensor, Tensor]:
        """1 where an item is worn out, and where one more opening wears it out, (users, places, limits) each."""
        faded, worn = self._after(heard.wear, heard.worn, heard.since)
        return worn, (faded + 1.0 >= self.limit) * (1.0 - worn)

    def _after(self, wear: Tensor, worn: Tensor, hours: Tensor) -> tuple[Tensor, Tensor]:
        """Wear and what is worn out, (..., limits), ``hours`` (...) after they were so."""
        wear = wear * torch.exp2(-hours[..., None] / self.half_life)
        return wear, worn * (wear > REST * self.limit)


def placed(items: Tensor, heard: Heard) -> tuple[Tensor, Heard]:
    """The places of ``items`` (users, n), and ``heard`` with places for all of them; -1 stands at the last place."""
    same = items[:, :, None] == heard.items[:, None]  # (users, n, places)
    known = same.any(dim=2)
    place = same.to(torch.uint8).argmax(dim=2)
    first = first_seen(items)
    new = ~known & (items >= 0) & (first == torch.arange(items.shape[1], device=items.device))
    place = torch.where(new, (heard.items >= 0).sum(dim=1, keepdim=True) + new.cumsum(dim=1) - 1, place)
    place = place.gather(1, first)
    taken = (heard.items >= 0).sum(dim=1).add(new.sum(dim=1))
    heard = heard.with_room(-(-int(taken.max() + 1) // ROOM) * ROOM)
    last = heard.items.shape[1] - 1
    place = torch.where(items >= 0, place, last)
    named = heard.items.scatter(1, torch.where(new, place, last), torch.where(new, items, -1))
    return place, heard._replace(items=named)


def first_seen(items: Tensor) -> Tensor:
    """Where in a row the same item stands first, (users, places), of ``items`` of that shape."""
    ordered, order = items.sort(dim=1, stable=True)
    starts = torch.ones_like(ordered, dtype=torch.bool)
    starts[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    places = torch.arange(items.shape[1], device=items.device).expand_as(order)
    first = torch.where(starts, places, 0).cummax(dim=1).values
    return torch.empty_like(order).scatter_(1, order, order.gather(1, first))
