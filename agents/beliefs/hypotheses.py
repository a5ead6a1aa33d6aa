"""Hypotheses on how one user takes one topic: when it bores, how long it takes to rest, and whether taste grows."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Grid(NamedTuple):
    """Numbers of which ``Switches`` tries all combinations.

    Attributes:
        thresholds: Loads that bore.
        half_lives: In which a load halves, in the unit of the observation's ages.
        kept: Parts of a load that the end of a page leaves.
        rest: Part of the threshold below which boredom ends.
    """

    thresholds: tuple[float, ...]
    half_lives: tuple[float, ...]
    kept: tuple[float, ...]
    rest: float


REST = 0.28
"""Of feeds."""

OF_OPENINGS = Grid((2.0, 3.0, 4.0, 5.0, 6.5, 8.5, 12.0), (6.0, 18.0, 54.0), (0.8, 1.0), REST)
"""Where what is opened loads: in openings and hours."""

OF_SHOWS = Grid((1.2, 1.8, 2.5, 3.3, 4.4, 6.0, 8.5, 12.0), (7.0, 14.0, 28.0), (1.0,), 0.25)
"""Where what is shown does, opened or not: in items shown and days."""

GROWTH = 0.2
"""Part of the way to where it can grow that an opening takes a taste."""

GROWN_HALF_LIFE = 168.0
"""Over which what was grown halves, in the same unit: a week, and where ages are days half a year."""


class PageHistory(NamedTuple):
    """Pages of users, oldest first, as an observation holds them."""

    topic: Tensor  # (users, pages, slate_size) of the items, anything where there is none
    there: Tensor  # (users, pages, slate_size) bool, whether there is one
    opened: Tensor  # (users, pages, slate_size) bool
    hours: Tensor  # (users, pages) from a page to the next, or to now
    loads: Tensor | None = None  # (users, pages, slate_size) what showing each adds; None where opening does, by 1


class Tracks(NamedTuple):
    """What hypotheses say of users: at every impression, given the openings before it, and now."""

    above: Tensor  # (users, pages, slate_size) openings of the topic above on the page
    bored: Tensor  # (users, pages, slate_size, switches) bool, with the impression's topic
    grown: Tensor  # (users, pages, slate_size) part of the way that a growing taste has come
    now: Standing


class Standing(NamedTuple):
    """The same before the next page, by topic."""

    load: Tensor  # (users, topics, switches)
    bored: Tensor  # (users, topics, switches) bool
    grown: Tensor  # (users, topics)


class Switches(nn.Module):
    """How boredom may go: every combination of some thresholds, half-lives and parts kept.

        opened: load <- load + 1;  load >= threshold: bored
        after a page, over h hours: load <- load * kept * 2^(-h / half_life);  load <= rest * threshold: not bored

    A relay with hysteresis (McAlister, 1982, has its load): nothing of it is learned, only how likely each is. Where
    showing loads, load grows by what the items of a page weigh, and is over the threshold after it, not in its midst.

    Args:
        grid: What is combined.

    Attributes:
        threshold: (switches,).
        half_life: (switches,).
        kept: (switches,).
        levels: Which threshold, half-life and part kept each has, (3, switches).
        counts: How many of each there are.
    """

    def __init__(self, grid: Grid = OF_OPENINGS) -> None:
        super().__init__()
        *of_loads, self.rest = grid
        self.counts = tuple(map(len, of_loads))
        values = torch.tensor(list(product(*of_loads)))
        places = torch.tensor(list(product(*map(range, self.counts))))
        self.threshold: Tensor
        self.half_life: Tensor
        self.kept: Tensor
        self.levels: Tensor
        for name, value in zip(("threshold", "half_life", "kept"), values.unbind(dim=1), strict=True):
            self.register_buffer(name, value.contiguous(), persistent=False)
        self.register_buffer("levels", places.T.contiguous(), persistent=False)

    def follow(self, pages: PageHistory, topics: int, before: Standing | None = None) -> Tracks:
        """What each says of users who stood so ``before``, without loads if omitted; nothing of it can be learned."""
        every = nn.functional.one_hot(pages.topic, topics).float()
        ones = every * pages.opened[..., None]
        loads = ones if pages.loads is None else every * pages.loads[..., None]
        above = (ones.cumsum(dim=2) - ones).gather(3, pages.topic[..., None])[..., 0]
        count = len(self.threshold)
        standing = self._at_first(len(ones), topics) if before is None else before
        then = []
        counted = zip(ones.sum(dim=2).unbind(dim=1), loads.sum(dim=2).unbind(dim=1), strict=True)  # (users, topics)
        for number, (opened, loaded) in enumerate(counted):
            topic = pages.topic[:, number]  # of all topics there may be many
            places = topic[..., None].expand(-1, -1, count)
            at = Standing(
                standing.load.gather(1, places), standing.bored.gather(1, places), standing.grown.gather(1, topic)
            )
            then.append(at)
            seen = pages.there[:, number].any(dim=1)
            standing = self._after(standing, opened, loaded, pages.hours[:, number], seen)
        load, bored, grown = (torch.stack(part, dim=1) for part in zip(*then, strict=True))
        if pages.loads is None:
            bored = bored | ((load + above[..., None] >= self.threshold) & (above[..., None] > 0))
        more = 1.0 - (1.0 - grown) * (1.0 - GROWTH) ** above
        return Tracks(above, bored, more, standing)

    def _at_first(self, users: int, topics: int) -> Standing:
        """Of users to whom all topics are new."""
        load = self.threshold.new_zeros(users, topics, len(self.threshold))
        return Standing(load, torch.zeros_like(load, dtype=torch.bool), load[..., 0].clone())

    def _after(self, standing: Standing, opened: Tensor, loaded: Tensor, hours: Tensor, seen: Tensor) -> Standing:
        """After a page of which so many of each topic were ``opened``, and ``hours`` (users,).

        ``loaded`` is what the page adds to loads, both (users, topics).

        Nothing happens at a page of which nothing was ``seen`` (users,).
        """
        kept = torch.where(seen[:, None, None], self.kept, 1.0)
        hours = hours[:, None, None]
        load = standing.load + loaded[..., None]
        bored = standing.bored | ((load >= self.threshold) & (loaded[..., None] > 0))
        load = load * (kept * torch.exp2(-hours / self.half_life))
        grown = 1.0 - (1.0 - standing.grown) * (1.0 - GROWTH) ** opened
        grown = grown * torch.exp2(-hours[..., 0] / GROWN_HALF_LIFE)
        return Standing(load, bored & (load > self.rest * self.threshold), grown)
