"""A filter for every user and topic: which hypotheses what was opened and passed over speaks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from driftrec.agents.beliefs.hypotheses import GROWTH, OF_OPENINGS, OF_SHOWS, PageHistory, Standing, Switches
from driftrec.agents.beliefs.timeliness import Timeliness
from driftrec.simulators.offers import MOMENT

BELIEF = "(belief)"
"""Of an observation or a log: what ``TopicBelief.told`` says, where it was asked. No world has such a field."""

Carried = Mapping[str, Tensor]
"""What is carried from request to request of users, by name, users first."""

TOLD = ("lift", "bored", "load", "threshold", "room", "next")
"""What is told of every topic under ``BELIEF``, see ``TopicBelief.told``."""

CELLS = 12_288
"""Users times topics that are read at once."""

MOST = 256
"""Impressions that are read at most, the newest whole pages of them."""


class Evidence(NamedTuple):
    """Log-likelihoods of what was opened and passed over, under taste that does not grow and that does."""

    rested: Tensor  # (users, pages, slate_size, 2) if not bored; 0 where nothing was shown
    loss: Tensor  # (users, pages, slate_size, 2) what it adds to be bored
    bored: Tensor  # (users, pages, slate_size, switches) 1 where a switch says so


class TopicBelief(nn.Module):
    """Posterior over ``Switches`` and over whether taste grows, of every user and topic, and what follows from it.

    An impression of item i of topic t, the n-th of it opened above on the page, at position k, is opened with

        logit = b + <p, A x_t> + e_pt + <q_p, v_i> + a_i - takeaway n - c_k + growing rise grown_t - drop bored_t + m_i

    p the persona's vector, e its own of topics; q and v projections of the texts of persona and item; m what the moment
    of the impression adds where items have dates, see ``Timeliness``. Prior chances of
    thresholds, half-lives, parts kept and growth (by what the persona says of the topic) are learned with the rest, by
    the likelihood of all that was opened and passed over, the hypotheses summed out: a mixture of hidden relays.

    What it says comes from the window of an observation, which users begin without any load; or from its newest page
    and what was carried from the request before.

    Args:
        topic: Of every item, (items,).
        items: What their texts say, (items, dims).
        personas: What theirs say, (personas, dims).
        slate_size: Positions of a page.
        dims: Length of q and v.
        burden: What showing each item adds to the load of its topic, (items,); where None, opening does, by 1.
        timely: What time adds to an item's appeal; None where items have no dates.
    """

    READS: tuple[str, ...] = ("shown", "clicked", "age", "persona")
    """Fields of an observation that it looks at."""

    def __init__(
        self,
        topic: NDArray[np.int64],
        items: Tensor,
        personas: Tensor,
        slate_size: int,
        dims: int = 8,
        burden: Tensor | None = None,
        timely: Timeliness | None = None,
    ) -> None:
        super().__init__()
        self.timely = timely
        if timely is not None:
            self.READS = (*self.READS, MOMENT)
        self.topic: Tensor
        self.register_buffer("topic", torch.from_numpy(topic.copy()), persistent=False)
        self.num_topics, self.slate_size = int(topic.max()) + 1, slate_size
        self.switches = Switches(OF_OPENINGS if burden is None else OF_SHOWS)
        self.burden: Tensor | None
        self.register_buffer("burden", burden, persistent=False)
        self.items: Tensor
        self.personas: Tensor
        self.register_buffer("items", items, persistent=False)
        self.register_buffer("personas", personas, persistent=False)
        self.priors = nn.ParameterList(torch.zeros(count) for count in self.switches.counts)
        self.growing = nn.Parameter(torch.tensor([-1.0, 0.0]))
        self.says = nn.Linear(personas.shape[1], self.num_topics)
        nn.init.zeros_(self.says.weight)
        self.persona_own = nn.Parameter(torch.zeros(len(personas), self.num_topics))
        self.query = nn.Linear(personas.shape[1], dims)
        self.item = nn.Linear(items.shape[1], dims + 1)
        self.item_own = nn.Parameter(torch.zeros(len(topic)))
        self.base, self.drop, self.rise, self.takeaway = (nn.Parameter(torch.tensor(x)) for x in (-1.0, 2.0, 1.0, 0.3))
        self.position = nn.Parameter(torch.zeros(slate_size))

    @property
    def at_once(self) -> int:
        """Users whose pages are read at once, to bound memory."""
        return max(CELLS // self.num_topics, 1)

    def loss(self, observation: Mapping[str, Tensor]) -> Tensor:
        """Mean negative log-likelihood a page of what the windows hold, given what each holds before it."""
        pages = self.pages(observation)
        persona = observation["persona"][:, 0].long()
        evidence, _ = self._evidence(observation, persona, pages)
        each = self._under_all(evidence)  # (users, impressions, switches, 2)
        topic = pages.topic.flatten(1)
        earlier = (topic[:, :, None] == topic[:, None]).float().tril(-1)
        before = torch.bmm(earlier, each.flatten(2)).view_as(each)
        prior = self._log_prior(persona).gather(1, topic[..., None, None].expand(-1, -1, *each.shape[2:]))
        before = (before + prior).flatten(2)
        told = torch.logsumexp(before + each.flatten(2), dim=2) - torch.logsumexp(before, dim=2)
        shrunk = self.item_own.square().sum() + self.persona_own.square().sum()
        return 1e-3 * shrunk - self.slate_size * told.sum() / pages.there.sum().clamp(min=1)

    def asked(self, observation: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What is believed after a window, by the names under which it joins an observation, see ``told``."""
        return self.told(self.follow(observation))

    @torch.no_grad()
    def follow(self, observation: Mapping[str, Tensor], before: Carried | None = None) -> Carried:
        """What is to be carried of users: after the newest page, by what was ``before`` it; or after the window."""
        pages = self.pages(observation, MOST if before is None else self.slate_size)
        persona = observation["persona"][:, 0].long()
        standing = None if before is None else Standing(*(before[name] for name in Standing._fields))
        evidence, now = self._evidence(observation, persona, pages, standing)
        known = self._log_prior(persona).flatten(2) if before is None else before["topics"]
        topics = (known + self._summed(evidence, pages).flatten(2)).log_softmax(dim=2)
        return {"topics": topics, **now._asdict()}

    @torch.no_grad()
    def told(self, carried: Carried) -> dict[str, Tensor]:
        """What is believed by now.

        Under ``BELIEF`` of every topic, (users, topics, 6): logarithm of what boredom and growth are expected to
        multiply the odds of opening with; chance that the topic bores now; expected load and threshold in openings;
        log-odds that an opening is expected to add to the taste; chance that one more opening bores.
        """
        chance = carried["topics"].softmax(dim=2).unflatten(2, (-1, 2))
        return {BELIEF: self._of_switches(chance, Standing(*(carried[name] for name in Standing._fields)))}

    def of_few(self, told: Carried, items: Tensor) -> Carried:
        """The same with no more of single items than what concerns ``items`` (users, n)."""
        return told

    def _of_switches(self, chance: Tensor, now: Standing) -> Tensor:
        """See ``told``, by chances of hypotheses, (users, topics, switches, 2)."""
        switch, growing = chance.sum(dim=3), chance[..., 1].sum(dim=2)
        bored = (switch * now.bored).sum(dim=2)
        next_bores = (switch * ((now.load + 1.0 >= self.switches.threshold) & ~now.bored)).sum(dim=2)
        odds = torch.where(now.bored, torch.exp(-self.drop), 1.0)[..., None] * self._odds_of_growth(now.grown)
        lift = (chance * odds).sum(dim=(2, 3)).log()
        room = self.rise * growing * GROWTH * (1.0 - now.grown)
        load, threshold = (switch * now.load).sum(dim=2), switch @ self.switches.threshold
        return torch.stack([lift, bored, load, threshold, room, next_bores], dim=2)

    def pages(self, observation: Mapping[str, Tensor], most: int = MOST) -> PageHistory:
        """The pages of the window, of ``most`` impressions at most, what is left of an older page left out.

        Oldest pages that nobody was shown anything of are left out, too, but for one.

        Raises:
            ValueError: If the observation holds less than a page.
        """
        holds = observation["shown"].shape[1]
        count = min(holds, max(most, self.slate_size)) // self.slate_size
        if not count:
            raise ValueError(
                f"The observation holds {holds} impressions, less than one slate of {self.slate_size}; beliefs are of "
                "whole pages. Raise --history, or take --settings.encoder fading."
            )
        parts = (observation[name][:, -count * self.slate_size :] for name in ("shown", "clicked", "age"))
        shown, clicked, age = (part.unflatten(1, (count, self.slate_size)) for part in parts)
        there = shown >= 0
        seen = there.any(dim=2).any(dim=0)
        oldest = int(seen.to(torch.uint8).argmax()) if seen.any() else count - 1
        shown, clicked, age, there = (part[:, oldest:] for part in (shown, clicked, age, there))
        age = age.amax(dim=2).flip(1).cummax(dim=1).values.flip(1)  # an empty page has the age of the next one
        hours = (age - nn.functional.pad(age[:, 1:], (0, 1))).clamp(min=0.0)
        items = shown.long().clamp(min=0)
        loads = None if self.burden is None else self.burden[items] * there
        return PageHistory(self.topic[items], there, (clicked > 0) & there, hours, loads)

    def _evidence(
        self,
        observation: Mapping[str, Tensor],
        persona: Tensor,
        pages: PageHistory,
        before: Standing | None = None,
    ) -> tuple[Evidence, Standing]:
        """Log-likelihoods of the impressions, and where the hypotheses stand now, that stood so ``before``."""
        with torch.no_grad():
            tracks = self.switches.follow(pages, self.num_topics, before)
        logit = self._rested(observation, persona, pages) - self.takeaway * tracks.above
        logit = torch.stack([logit, logit + self.rise * tracks.grown], dim=3)  # growing or not
        sign = (2.0 * pages.opened - 1.0)[..., None]
        rested, bored = (
            nn.functional.logsigmoid(sign * each) * pages.there[..., None] for each in (logit, logit - self.drop)
        )
        return Evidence(rested, bored - rested, tracks.bored.float()), tracks.now

    def _rested(self, observation: Mapping[str, Tensor], persona: Tensor, pages: PageHistory) -> Tensor:
        """Logits of impressions of rested users whose taste has not grown, (users, pages, slate_size)."""
        by_topic = nn.functional.embedding(persona, self._of_topics())
        query = nn.functional.embedding(persona, self.query(self.personas))
        count = pages.topic.shape[1] * self.slate_size
        shown = observation["shown"][:, -count:].long().clamp(min=0)
        of_items = self._of(shown)
        logit = self.base + by_topic.gather(1, pages.topic.flatten(1)) + of_items[..., -1]
        logit = logit + torch.bmm(of_items[..., :-1], query[..., None])[..., 0]
        if self.timely is not None:
            logit = logit + self.timely(observation[MOMENT], shown, observation["age"][:, -count:])
        return logit.view_as(pages.topic) - self.position

    def _odds_of_growth(self, grown: Tensor) -> Tensor:
        """What taste that does not grow and that does multiplies odds with, (users, topics, 1, 2)."""
        return torch.stack([torch.zeros_like(grown), self.rise * grown], dim=2).exp()[:, :, None]

    def _of(self, shown: Tensor) -> Tensor:
        """V of the items ``shown`` (users, impressions), and after it a, (users, impressions, dims + 1)."""
        own = nn.functional.embedding(shown, self.item_own[:, None])
        if len(self.items) > shown.numel():
            said: Tensor = self.item(nn.functional.embedding(shown, self.items))
        else:
            said = nn.functional.embedding(shown, self.item(self.items))
        return said + nn.functional.pad(own, (said.shape[2] - 1, 0))

    def _of_topics(self) -> Tensor:
        """What personas say of topics, (personas, topics)."""
        own: Tensor = self.says(self.personas) + self.persona_own
        return own

    def _log_prior(self, persona: Tensor) -> Tensor:
        """Of switches and growth, (users, topics, switches, 2)."""
        switch = torch.stack(
            [prior.log_softmax(0)[at] for prior, at in zip(self.priors, self.switches.levels, strict=True)]
        )
        odds = self.growing[0] + self.growing[1] * nn.functional.embedding(persona, self._of_topics())
        growth = nn.functional.logsigmoid(torch.stack([-odds, odds], dim=2))  # (users, topics, 2)
        return switch.sum(dim=0)[:, None] + growth[:, :, None]

    def _under_all(self, evidence: Evidence) -> Tensor:
        """Log-likelihood of every impression under every hypothesis, (users, impressions, switches, 2)."""
        each = evidence.rested[..., None, :] + evidence.bored[..., None] * evidence.loss[..., None, :]
        return each.flatten(1, 2)

    def _summed(self, evidence: Evidence, pages: PageHistory) -> Tensor:
        """The same, summed over the impressions of every topic, (users, topics, switches, 2)."""
        ones = nn.functional.one_hot(pages.topic.flatten(1), self.num_topics).float()  # (users, impressions, topics)
        rested, loss, bored = (part.flatten(1, 2) for part in evidence)
        weighed = ones[..., None] * loss[:, :, None]  # (users, impressions, topics, 2)
        lost = torch.bmm(bored.transpose(1, 2), weighed.flatten(2)).unflatten(2, (-1, 2))
        return lost.transpose(1, 2) + torch.bmm(ones.transpose(1, 2), rested)[:, :, None]
