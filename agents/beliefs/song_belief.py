"""A filter for users who hear things again and again: what wears out, what is known, and what mood they are in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from driftrec.agents.beliefs.hypotheses import PageHistory, Standing
from driftrec.agents.beliefs.moods import Moods
from driftrec.agents.beliefs.plays import Heard, Limits, Plays, first_seen
from driftrec.agents.beliefs.topic_belief import MOST, Carried, TopicBelief

OF_ITEMS, ITEMS, OF_MOODS = "(belief of items)", "(items believed of)", "(belief of moods)"
"""Of an observation or a log, as ``BELIEF``; ``ITEMS`` says which items, -1 for none."""

TOLD_OF_ITEM = ("mood", "lift", "worn", "next")
"""What is told of an item, see ``SongBelief.of_items``: log-odds that its mood adds; log-odds that plays and wear add,
over one never heard; chance that it is worn out; chance that one more opening wears it out."""

LEAST = 1e-12
"""Chances below it are taken for it."""


class Beliefs(NamedTuple):
    """Log-odds of hypotheses."""

    topics: Tensor  # (users, topics, switches * 2)
    limits: Tensor  # (users, limits)
    known: Tensor  # (users, places) that an item was known from the start
    moods: Tensor  # (users, moods) chances


class HeardPage(NamedTuple):
    """What hypotheses say of one page, (users, slate_size, ...)."""

    topic: Tensor
    place: Tensor  # of the item, see ``Plays``
    rested: Tensor  # log-odds but for what is believed
    bored: Tensor  # (..., switches) 1 where one says so
    grown: Tensor
    worn: Tensor  # (..., limits) 1 where one says so
    before: Tensor  # openings of the item
    match: Tensor  # (..., moods) log-odds
    opened: Tensor
    there: Tensor


def likelihoods(page: HeardPage, chances: Sequence[Tensor], says: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Log-likelihood of a page under independent causes, and under every state of each with the others summed out.

    Args:
        page: What was opened.
        chances: Of the states of every cause, (users, slate_size, states) each.
        says: What these add to log-odds, the same shapes.

    Returns:
        The first summed over all impressions; the second shaped like ``chances``, 0 where there was no impression.
    """
    logit = page.rested[..., None]
    for by in says:
        logit = (logit[..., None] + by[:, :, None]).flatten(2)
    sign = 2.0 * page.opened[..., None] - 1.0
    likely = (sign * logit).sigmoid().unflatten(2, [chance.shape[2] for chance in chances])
    there = page.there.float()
    each = [under.clamp(min=LEAST).log() * there[..., None] for under in _each_alone(likely, chances)]
    total = (each[0].exp() * chances[0]).sum(dim=2).clamp(min=LEAST).log() * there
    return total.sum(), each


def _each_alone(likely: Tensor, chances: Sequence[Tensor]) -> list[Tensor]:
    """``likely`` (users, slate_size, states of every cause) by the states of each, all others summed out."""
    *others, last = chances
    if not others:
        return [likely]
    by_last = likely
    for chance in others:
        by_last = (by_last * chance[(..., *[None] * (by_last.ndim - 3))]).sum(dim=2)
    shape = (*last.shape[:2], *[1] * len(others), last.shape[2])
    return [*_each_alone((likely * last.view(shape)).sum(dim=-1), others), by_last]


class SongBelief(TopicBelief):
    """``TopicBelief``, beside it of every user the limit of plays and the mood, of every item whether it is known.

    To the log-odds of opening item i, played n times before, join

        rise_s (1 - (1 - f_0) (1 - g)^n) - drop_s worn_i + <m_mood, x_i>,    f_0 = f if i was known from the start, or 0

    What is believed of topics, limits, known items and moods moves page by page, each by the likelihood of what was
    opened with the others summed out, as if they were independent of each other (assumed density filtering).

    Args: as of ``TopicBelief``.
    """

    READS = (*TopicBelief.READS, "hour")

    def __init__(
        self, topic: NDArray[np.int64], items: Tensor, personas: Tensor, slate_size: int, dims: int = 8
    ) -> None:
        super().__init__(topic, items, personas, slate_size, dims)
        self.limits, self.moods = Limits(), Moods(items.shape[1])
        self.limit_priors = nn.ParameterList(torch.zeros(count) for count in Limits.counts)
        self.known = nn.Parameter(torch.tensor([-3.0, 0.5]))
        self.rise_song, self.drop_song = (nn.Parameter(torch.tensor(x)) for x in (2.0, 2.0))
        self.gain, self.from_start = (nn.Parameter(torch.tensor(x)) for x in (-1.0, 1.0))  # log-odds of parts

    def loss(self, observation: Mapping[str, Tensor]) -> Tensor:
        """Mean negative log-likelihood a page of what the windows hold, each page given those before it."""
        pages = self.pages(observation)
        told = self._filter(observation, pages, None)[0]
        shrunk = self.item_own.square().sum() + self.persona_own.square().sum()
        return 1e-3 * shrunk - self.slate_size * told / pages.there.sum().clamp(min=1)

    @torch.no_grad()
    def follow(self, observation: Mapping[str, Tensor], before: Carried | None = None) -> Carried:
        """As ``TopicBelief``, with all that users have heard."""
        pages = self.pages(observation, MOST if before is None else self.slate_size)
        return self._filter(observation, pages, before)[1]

    @torch.no_grad()
    def told(self, carried: Carried) -> dict[str, Tensor]:
        """As ``TopicBelief``, and what songs and moods make of it.

        Under ``OF_ITEMS`` all but the first of ``TOLD_OF_ITEM``, (users, places, 3), of the items under ``ITEMS``,
        (users, places); under ``OF_MOODS`` chances of moods, (users, moods).
        """
        heard, limits = Heard(*(carried[name] for name in Heard._fields)), carried["limits"].softmax(dim=1)
        worn_by, next_by = self.limits.now(heard)
        worn, following = (torch.bmm(each, limits[..., None])[..., 0] for each in (worn_by, next_by))
        lift = (1.0 - worn * (1.0 - torch.exp(-self.drop_song))).clamp(min=LEAST).log()  # of odds multiplied
        lift = lift + self._known_expected(heard.plays, carried["known"])
        lift = lift - self._known_expected(
            torch.zeros_like(lift), self._known_at_first(carried["persona"], heard.items)
        )
        told = torch.stack([lift, worn, following], dim=2) * (heard.items >= 0)[..., None]
        return {**super().told(carried), OF_ITEMS: told, ITEMS: heard.items, OF_MOODS: carried["moods"]}

    @torch.no_grad()
    def of_few(self, told: Carried, items: Tensor) -> Carried:
        """As ``TopicBelief``."""
        once = first_seen(items) == torch.arange(items.shape[1], device=items.device)
        return {**told, OF_ITEMS: _among(told, items) * once[..., None], ITEMS: torch.where(once, items, -1)}

    @torch.no_grad()
    def of_items(self, asked: Mapping[str, Tensor], items: Tensor | None) -> Tensor:
        """What is believed of ``items`` (users, n), or of all where None, (users, n, 4); 0 if never shown.

        Args:
            asked: An observation joined by what ``asked`` gives.
            items: Positions in the catalogue.
        """
        told = asked[OF_ITEMS]
        if items is None:
            past = told.new_zeros(len(told), len(self.topic), told.shape[2])
            past.scatter_add_(1, asked[ITEMS].clamp(min=0)[..., None].expand_as(told), told)
        else:
            past = _among(asked, items)
        return torch.cat([self._mood_lift(asked[OF_MOODS], items)[..., None], past], dim=2)

    def _mood_lift(self, moods: Tensor, items: Tensor | None) -> Tensor:
        """Log-odds that chances of moods (users, moods) add to ``items``, over those of any mood, (users, n)."""
        match = self._match(items)  # (users, n, moods) or (items, moods)
        match = (match - match.amax(dim=-1, keepdim=True)).exp()
        moods = moods.clamp(min=LEAST)
        lifted = moods @ match.T if items is None else (match * moods[:, None]).sum(dim=2)
        return lifted.div_(match.mean(dim=-1)).log_()

    def _match(self, items: Tensor | None) -> Tensor:
        """Log-odds of ``items`` (users, n) by mood, (users, n, moods); of all items where None, (items, moods)."""
        if items is not None and len(self.items) > items.numel():  # of a large catalogue only what is looked at
            few: Tensor = self.moods.match(nn.functional.embedding(items, self.items))
            return few
        every: Tensor = self.moods.match(self.items)
        return every if items is None else nn.functional.embedding(items, every)

    def _filter(
        self, observation: Mapping[str, Tensor], pages: PageHistory, before: Carried | None
    ) -> tuple[Tensor, Carried]:
        """Log-likelihood of ``pages``, summed, by what was ``before`` them; and what is to be carried from them."""
        _, count, slate_size = pages.topic.shape
        shown = observation["shown"][:, -count * slate_size :].long()
        persona = observation["persona"][:, 0].to(torch.long, copy=True)
        standing = None if before is None else Standing(*(before[name] for name in Standing._fields))
        heard = None if before is None else Heard(*(before[name] for name in Heard._fields))
        with torch.no_grad():
            tracks = self.switches.follow(pages, self.num_topics, standing)
            plays = self.limits.follow(shown.view_as(pages.topic), pages, heard)
        rested = self._rested(observation, persona, pages) - self.takeaway * tracks.above
        match = self._match(shown.clamp(min=0)).unflatten(1, (-1, slate_size))
        until = pages.hours.flip(1).cumsum(dim=1).flip(1)  # (users, pages) from then to now
        hour = observation["hour"][:, :1] - until
        beliefs = self._beliefs(persona, plays, hour[:, 0], before)
        pages_of = zip(
            *(each.unbind(dim=1) for each in (pages.topic, plays.place, rested, tracks.bored.float(), tracks.grown)),
            *(each.unbind(dim=1) for each in (plays.worn, plays.before, match, pages.opened, pages.there)),
            strict=True,
        )
        total, seen = rested.new_zeros(()), pages.there.any(dim=2)
        for number, page in enumerate(map(HeardPage._make, pages_of)):
            gained, beliefs = self._step(beliefs, page)
            total = total + gained
            now = hour[:, number + 1] if number + 1 < count else observation["hour"][:, 0]
            moods = self.moods.after(beliefs.moods, pages.hours[:, number], now, seen[:, number])
            beliefs = beliefs._replace(moods=moods)
        beliefs = beliefs._replace(topics=beliefs.topics.log_softmax(dim=2), limits=beliefs.limits.log_softmax(dim=1))
        parts = (beliefs, tracks.now, plays.heard)
        return total, {"persona": persona, **{name: each for part in parts for name, each in part._asdict().items()}}

    def _beliefs(self, persona: Tensor, plays: Plays, hour: Tensor, before: Carried | None) -> Beliefs:
        """Those ``before``, of all items with a place by now; at an ``hour`` of the day where there were none."""
        known = self._known_at_first(persona, plays.heard.items)
        if before is None:
            topics, limits = self._log_prior(persona).flatten(2), self._limit_prior().expand(len(persona), -1)
            return Beliefs(topics, limits, known, self.moods.at_first(hour))
        places = before["known"].shape[1]
        kept = torch.where(before["items"] >= 0, before["known"], known[:, :places])
        known = torch.cat([kept, known[:, places:]], dim=1)
        return Beliefs(before["topics"], before["limits"], known, before["moods"])

    def _step(self, beliefs: Beliefs, page: HeardPage) -> tuple[Tensor, Beliefs]:
        """One page further: its log-likelihood, summed, and what is believed after it."""
        users, topics, _ = beliefs.topics.shape
        rows = page.topic + torch.arange(users, device=page.topic.device)[:, None] * topics
        switches = nn.functional.embedding(rows, beliefs.topics.softmax(dim=2).flatten(0, 1)).unflatten(2, (-1, 2))
        bored = (page.bored[..., None] * switches).sum(dim=2)  # (users, slate_size, 2)
        worn = torch.bmm(page.worn, beliefs.limits.softmax(dim=1)[..., None])[..., 0]
        known = beliefs.known.gather(1, page.place).sigmoid()
        chances = (
            torch.stack([switches.sum(dim=2) - bored, bored], dim=2).flatten(2),  # rested or bored, growing or not
            torch.stack([1.0 - worn, worn], dim=2),
            torch.stack([1.0 - known, known], dim=2),
            beliefs.moods[:, None].repeat(1, page.topic.shape[1], 1),
        )
        nothing = torch.zeros_like(worn)
        grown = torch.stack([nothing, self.rise * page.grown], dim=2)
        says = (
            torch.cat([grown, grown - self.drop], dim=2),
            torch.stack([nothing, nothing - self.drop_song], dim=2),
            torch.stack(self._familiar(page.before), dim=2),
            page.match,
        )
        total, (of_topics, of_wear, of_known, of_moods) = likelihoods(page, chances, says)
        free, held = of_topics.unflatten(2, (2, 1, 2)).unbind(dim=2)
        of_switches = (free + page.bored[..., None] * (held - free)).flatten(2)
        moved = beliefs.topics.flatten(0, 1).index_add(0, rows.flatten(), of_switches.flatten(0, 1))
        moods = beliefs.moods.clamp(min=LEAST).log() + of_moods.sum(dim=1)
        return total, Beliefs(
            moved.unflatten(0, (users, topics)),
            beliefs.limits + torch.bmm((of_wear[..., 1] - of_wear[..., 0])[:, None], page.worn)[:, 0],
            beliefs.known.scatter_add(1, page.place, of_known[..., 1] - of_known[..., 0]),
            moods.softmax(dim=1),
        )

    def _familiar(self, count: Tensor) -> tuple[Tensor, Tensor]:
        """Log-odds after so many openings of what was not known from the start, and of what was."""
        left = (1.0 - self.gain.sigmoid()) ** count
        return self.rise_song * (1.0 - left), self.rise_song * (1.0 - (1.0 - self.from_start.sigmoid()) * left)

    def _known_expected(self, count: Tensor, known: Tensor) -> Tensor:
        new, old = self._familiar(count)
        return torch.logaddexp(logsigmoid(-known) + new, logsigmoid(known) + old)

    def _known_at_first(self, persona: Tensor, items: Tensor) -> Tensor:
        """Log-odds that ``items`` (users, n) are known from the start, (users, n); anything where there is none."""
        says = nn.functional.embedding(persona, self._of_topics()).gather(1, self.topic[items.clamp(min=0)])
        return self.known[0] + self.known[1] * says

    def _limit_prior(self) -> Tensor:
        """Log chances of limits, (limits,)."""
        return torch.stack(
            [prior.log_softmax(0)[at] for prior, at in zip(self.limit_priors, self.limits.levels, strict=True)]
        ).sum(dim=0)


def _among(told: Mapping[str, Tensor], items: Tensor) -> Tensor:
    """What is ``told`` of ``items`` (users, n), (users, n, 3)."""
    return torch.bmm((items[:, :, None] == told[ITEMS][:, None]).float(), told[OF_ITEMS])
