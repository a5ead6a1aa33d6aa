"""Hypotheses on how one user takes one topic: when it bores, how long it takes to rest, and whether taste grows."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor, nn

THRESHOLDS = (2.0, 3.0, 4.0, 5.0, 6.5, 8.5, 12.0)
"""Loads that bore, in openings."""

HALF_LIVES = (6.0, 18.0, 54.0)
"""In which a load halves, in the unit of the observation's ages: hours."""

KEPT = (0.8, 1.0)
"""Parts of a load that the end of a page leaves."""

REST = 0.28
"""Part of the threshold below which boredom ends."""

GROWTH = 0.2
"""Part of the way to where it can grow that an opening takes a taste."""

GROWN_HALF_LIFE = 168.0
"""Over which what was grown halves, in the same unit."""


class PageHistory(NamedTuple):
    """Pages of users, oldest first, as an observation holds them."""

    topic: Tensor  # (users, pages, slate_size) of the items, anything where there is none
    there: Tensor  # (users, pages, slate_size) bool, whether there is one
    opened: Tensor  # (users, pages, slate_size) bool
    hours: Tensor  # (users, pages) from a page to the next, or to now


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
        after a page, over h hours: load <- load * kept * 2^(-h / half_life);  load <= REST * threshold: not bored

    A relay with hysteresis (McAlister, 1982, has its load): nothing of it is learned, only how likely each is.

    Attributes:
        threshold: (switches,).
        half_life: (switches,).
        kept: (switches,).
        levels: Which threshold, half-life and part kept each has, (3, switches).
        counts: How many of each there are.
    """

    counts = len(THRESHOLDS), len(HALF_LIVES), len(KEPT)

    def __init__(self) -> None:
        super().__init__()
        values = torch.tensor(list(product(THRESHOLDS, HALF_LIVES, KEPT)))
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
        ones = nn.functional.one_hot(pages.topic, topics).float() * pages.opened[..., None]
        above = (ones.cumsum(dim=2) - ones).gather(3, pages.topic[..., None])[..., 0]
        count = len(self.threshold)
        standing = self._at_first(len(ones), topics) if before is None else before
        then = []
        for number, opened in enumerate(ones.sum(dim=2).unbind(dim=1)):  # (users, topics)
            topic = pages.topic[:, number]  # of all topics there may be many
            places = topic[..., None].expand(-1, -1, count)
            at = Standing(
                standing.load.gather(1, places), standing.bored.gather(1, places), standing.grown.gather(1, topic)
            )
            then.append(at)
            standing = self._after(standing, opened, pages.hours[:, number], pages.there[:, number].any(dim=1))
        load, bored, grown = (torch.stack(part, dim=1) for part in zip(*then, strict=True))
        crossed = (load + above[..., None] >= self.threshold) & (above[..., None] > 0)
        more = 1.0 - (1.0 - grown) * (1.0 - GROWTH) ** above
        return Tracks(above, bored | crossed, more, standing)

    def _at_first(self, users: int, topics: int) -> Standing:
        """Of users to whom all topics are new."""
        load = self.threshold.new_zeros(users, topics, len(self.threshold))
        return Standing(load, torch.zeros_like(load, dtype=torch.bool), load[..., 0].clone())

    def _after(self, standing: Standing, opened: Tensor, hours: Tensor, seen: Tensor) -> Standing:
        """After a page of which so many of each topic were ``opened`` (users, topics), and ``hours`` (users,).

        Nothing happens at a page of which nothing was ``seen`` (users,).
        """
        kept = torch.where(seen[:, None, None], self.kept, 1.0)
        hours = hours[:, None, None]
        load = standing.load + opened[..., None]
        bored = standing.bored | ((load >= self.threshold) & (opened[..., None] > 0))
        load = load * (kept * torch.exp2(-hours / self.half_life))
        grown = 1.0 - (1.0 - standing.grown) * (1.0 - GROWTH) ** opened
        grown = grown * torch.exp2(-hours[..., 0] / GROWN_HALF_LIFE)
        return Standing(load, bored & (load > REST * self.threshold), grown)
