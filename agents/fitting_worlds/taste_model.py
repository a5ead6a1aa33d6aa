"""The likelihood of what users opened: the equations of ``simulators.fitted.parameters.Tastes``, in torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from driftrec.agents.fitting_worlds.lives import TRAIN, LoggedUsers
from driftrec.agents.fitting_worlds.segments import ABSENT, OpenedBefore
from driftrec.agents.tastes.all_items import Run, log_sum, total_log_sum
from driftrec.agents.tastes.own_interests import OwnInterests
from driftrec.agents.tastes.past import Batch, StretchPast, Weights
from driftrec.agents.tastes.quality import Quality
from driftrec.agents.tastes.topic_liking import BEGIN, TopicLiking
from driftrec.simulators.fitted.parameters import LONGEST_HALF_LIFE, SHORTEST_HALF_LIFE, Tastes

HALF_LIVES = {"fast": 3.0, "slow": 30.0}
"""Where half-lives begin: items opened, days."""

NEVER = 20.0
"""Utility lost by an item that was opened before, where the log holds no repeat: its chance is nil."""

TINY = 1e-12
"""Square of a length that stands for 0, to which vectors go that nothing reads."""

OWN, MEAN, FAST, SESSION, SLOW = "own", "mean", "fast", "session", "slow"
"""Terms of utility beside those of topics, and quality and repeats, which every model has.

"mean" weighs all that was opened alike.
"""

TEXT = "text"
"""Where items lie is what their texts' embeddings say, in the first ``PLAIN`` columns, and nothing else."""

PLAIN = 32
"""Texts are told apart as well by so many leading directions as by all, for a fraction of the time."""


@dataclass(frozen=True)
class KnownItems:
    """What is told of the items beside the log.

    Attributes:
        topic: Of each item, (items,); None before topics are found.
        texts: Embeddings of their texts, float32, (items, embedding); None where there are none.
    """

    topic: NDArray[np.int64] | None = None
    texts: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class _Slates:
    """Slates whose likelihood is asked, with what their users felt.

    Attributes:
        row: Of the log, (slates,).
        user: Whose, (slates,).
        vectors: Of the items, (items, dims).
        interest: (slates, dims).
        liking: Utility of every topic beside that, (slates, topics); None where there is none.
    """

    row: NDArray[np.int64]
    user: torch.Tensor
    vectors: torch.Tensor
    interest: torch.Tensor
    liking: torch.Tensor | None


class TasteModel(nn.Module):
    """Utilities of items to users, and the log-likelihood of what these opened.

    Args:
        lives: Whose items and users.
        terms: Those of utility, see above.
        dims: Of the vectors.
        known: Of the items; topics where ``terms`` hold satiation.
        seed: Of the first vectors.
    """

    def __init__(self, lives: LoggedUsers, terms: Sequence[str], dims: int, known: KnownItems, seed: int) -> None:
        super().__init__()
        self.terms = tuple(terms)
        items, self._shown, self._clicks = len(lives.items), lives.shown, lives.clicks
        self._opened, self._seen = torch.as_tensor(lives.opened), OpenedBefore(lives)
        self._again = None if lives.shown is None else self._seen.shown_before(lives)
        draw = torch.Generator().manual_seed(seed)
        counts, shown = lives.opened_and_shown(TRAIN)
        usual = np.log(counts + 1.0) if self._shown is None else np.zeros(items)
        self.place = nn.Parameter(0.3 * torch.randn(items, dims, generator=draw))
        self.texts = None if known.texts is None else torch.as_tensor(known.texts)
        self.quality = Quality(counts, shown, usual - usual.mean(), self.texts)
        learned = np.bincount(lives.user[lives.part == TRAIN], minlength=len(lives.users))
        self.own = OwnInterests(learned, dims, seed)
        width = 0 if self.texts is None else self.texts.shape[1]
        self.words = nn.Parameter(torch.randn(width, dims, generator=draw) if width else torch.zeros(0, dims))
        self.topic = None if known.topic is None else torch.as_tensor(known.topic)
        self._topics = None if self.topic is None else nn.functional.one_hot(self.topic).float()  # (items, topics)
        self._above = None if self._clicks is None or known.topic is None else _opened_above(lives, known.topic)
        weights = ("mean", "fast", "session", "slow", "repeat", "no_click", "position", "takeaway")
        self.weights = nn.ParameterDict({name: nn.Parameter(torch.zeros(())) for name in weights})
        for name in (MEAN, FAST, SESSION, SLOW):
            self.weights[name].data.fill_(BEGIN)
        self.liking = TopicLiking(terms, known.topic)
        if not self._seen.repeats:
            self.weights["repeat"].data.fill_(NEVER)
        half_lives = {name: nn.Parameter(torch.tensor(math.log(value))) for name, value in HALF_LIVES.items()}
        self.half_lives = nn.ParameterDict(half_lives)
        self.eval()  # who fits it says when it learns

    @property
    def several(self) -> bool:
        """Whether positions are opened one by one, of items whose topics are known."""
        return self._above is not None

    @property
    def repeats(self) -> bool:
        """Whether anything was opened twice by one user."""
        return bool(self._seen.repeats)

    def vectors(self) -> torch.Tensor:
        """Where items lie, (items, dims), root mean square length 1: what texts say, and what is their own."""
        if TEXT in self.terms:
            assert self.texts is not None
            return nn.functional.normalize(self.texts[:, :PLAIN], dim=1)
        raw = self.place if self.texts is None else self.place + self.texts @ self.words
        return raw / (raw.square().sum(dim=1).mean() + TINY).sqrt()

    def log_likelihood(self, batch: Batch, part: int, parts: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        """Of what was opened in each slate of ``batch`` that is of ``part``, and whose slates: both (slates,).

        Without a gradient where all items are compared, see ``weighed``.

        Args:
            batch: Stretches of lives.
            part: Which slates count.
            parts: Part of every slate of the log.
        """
        slates = self._slates(batch, part, parts)
        if self._shown is not None:
            return self._of_slates(slates), slates.user
        person, item, chosen = self._of_all(slates)
        return chosen - log_sum(person, item, self.weights["repeat"], self._runs(slates)), slates.user

    def weighed(
        self, batch: Batch, part: int, parts: NDArray[np.int64], weights: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Sum of ``log_likelihood``, each slate times its user's weight, (users,); and the sum of these weights."""
        slates = self._slates(batch, part, parts)
        weight = weights[slates.user]
        if self._shown is not None:
            return (weight * self._of_slates(slates)).sum(), weight.sum()
        person, item, chosen = self._of_all(slates)
        among = total_log_sum(person, item, self.weights["repeat"], self._runs(slates), weight)
        return (weight * chosen).sum() - among, weight.sum()

    def prior(self) -> torch.Tensor:
        """Minus the log-density of vectors, N(0, 1) around what texts say, and of qualities."""
        return self.place.square().sum() / 2 + self.words.square().sum() / 2 + self.quality.cost()

    def learn_beliefs(self, weights: torch.Tensor, scale: float, pace: float) -> None:
        """Move own interests by the last gradient, see ``OwnInterests.follow``, and set how wide qualities are."""
        self.own.follow(weights, scale, pace)
        self.quality.settle()

    def tastes(self) -> Tastes:
        """The numbers, of terms that are there."""
        weight = {name: float(value.detach()) for name, value in self.weights.items()}
        told = {name: weight[name] for name in (FAST, SESSION, SLOW) if name in self.terms}
        there = ((name, value) for name, value in self.half_lives.items() if name in self.terms)
        lives = {name: value.detach().exp().clamp(SHORTEST_HALF_LIFE, LONGEST_HALF_LIFE) for name, value in there}
        half = {f"{name}_half_life": float(value) for name, value in lives.items()}
        others = {name: weight[name] for name in ("repeat", "no_click", "position", "takeaway")}
        return Tastes(**told, **half, **others, **self.liking.numbers())

    def people(self, seed: int) -> NDArray[np.float32]:
        """An own interest of every user, drawn from what the log leaves open, (users, dims); 0 without the term."""
        return self.own.people(seed) if OWN in self.terms else np.zeros(self.own.mean.shape, np.float32)

    def own_means(self) -> NDArray[np.float32]:
        """What each user's own interest most likely is, (users, dims); 0 without the term."""
        return self.own.mean.numpy().copy() if OWN in self.terms else np.zeros(self.own.mean.shape, np.float32)

    def sums(self, batch: Batch, vectors: torch.Tensor) -> dict[str, torch.Tensor]:
        """What memories hold at every slate of the stretches, each (stretches, slates, columns).

        Args:
            batch: Stretches of lives.
            vectors: Of the items, see ``vectors``.
        """
        past = StretchPast(batch)
        items = nn.functional.embedding(batch.opened, vectors)  # (stretches, width, dims)
        counted = torch.cat([items, items.new_ones(*items.shape[:2], 1)], dim=2)
        memories = [name for name in (MEAN, FAST, SESSION, SLOW) if name in self.terms]
        found = {name: self._left(name, past).sums(counted, batch.earlier.get(name)) for name in memories}
        return found | self.liking.sums(batch, past)

    def _past(self, batch: Batch, vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Interest (stretches, LENGTH, dims), and liking of topics (stretches, LENGTH, topics) where there is any."""
        sums, slates = self.sums(batch, vectors), batch.opened.shape[1] - batch.begin
        interest = vectors.new_zeros(len(batch.opened), slates, vectors.shape[1])
        if OWN in self.terms:
            interest = interest + self.own(batch.user, slates)
        for name in (MEAN, FAST, SESSION, SLOW):
            if name in self.terms:
                interest = interest + self.weights[name] * sums[name][:, :, :-1] / (1 + sums[name][:, :, -1:])
        return interest, self.liking(sums)

    def _left(self, name: str, past: StretchPast) -> Weights:
        """What is left of each place's item at each slate, by a memory's own clock."""
        if name == MEAN:
            return past.all()
        if name == SESSION:
            return past.of_session()
        return past.faded(past.openings() if name == FAST else past.days, torch.exp(-self.half_lives[name]))

    def _slates(self, batch: Batch, part: int, parts: NDArray[np.int64]) -> _Slates:
        """The slates of ``batch`` that are of ``part``, with what users felt."""
        rows = batch.row[:, batch.begin :]
        wanted = torch.as_tensor((rows != ABSENT) & (parts[rows.clip(0)] == part))
        vectors = self.vectors()
        interest, liking = self._past(batch, vectors)
        user = batch.user[:, None].expand(rows.shape)[wanted]
        liking = None if liking is None else liking[wanted]
        return _Slates(rows[wanted.numpy()], user, vectors, interest[wanted], liking)

    def _of_all(self, slates: _Slates) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """People (slates, columns) and items (items, columns), whose products are utilities; what was opened has."""
        interest, liking = slates.interest, slates.liking
        people = [interest, interest.new_ones(len(interest), 1)]
        items = [slates.vectors, self.quality()[:, None]]
        if liking is not None:
            assert self._topics is not None
            people.append(liking)
            items.append(self._topics)
        row = slates.row
        person, item, opened = torch.cat(people, dim=1), torch.cat(items, dim=1), self._opened[torch.as_tensor(row)]
        same = self._seen.same(slates.user.numpy(), row, opened.numpy())
        again = torch.as_tensor(same, dtype=torch.float32)
        chosen = (person * nn.functional.embedding(opened, item)).sum(dim=1) - self.weights["repeat"] * again
        return person, item, chosen

    def _runs(self, slates: _Slates) -> list[Run]:
        """The slates as runs of one user each."""
        return self._seen.runs(slates.user.numpy(), slates.row)

    def _utility_of_shown(self, slates: _Slates) -> torch.Tensor:
        """Of the positions of each slate, beside that of opening nothing, (slates, slate_size)."""
        assert self._shown is not None
        assert self._again is not None
        row, liking = slates.row, slates.liking
        shown = torch.as_tensor(self._shown[row])
        utility = torch.einsum("sd,skd->sk", slates.interest, slates.vectors[shown]) + self.quality()[shown]
        if liking is not None:
            assert self.topic is not None
            utility = utility + liking.gather(1, self.topic[shown])
        utility = utility - self.weights["repeat"] * torch.as_tensor(self._again[row], dtype=torch.float32)
        if self._above is not None:
            utility = utility - self.weights["takeaway"] * torch.as_tensor(self._above[row], dtype=torch.float32)
        return utility - self.weights["position"] * torch.arange(shown.shape[1]) - self.weights["no_click"]

    def _of_slates(self, slates: _Slates) -> torch.Tensor:
        """Log-likelihood of what was opened of what was shown, (slates,)."""
        utility, row = self._utility_of_shown(slates), slates.row
        if self._clicks is not None:
            sign = 2.0 * torch.as_tensor(self._clicks[row], dtype=torch.float32) - 1.0
            return nn.functional.logsigmoid(sign * utility).sum(dim=1)
        assert self._shown is not None
        opened = self._opened[torch.as_tensor(row)]
        same = torch.as_tensor(self._shown[row]) == opened[:, None]
        choice = torch.where(same.any(dim=1), same.int().argmax(dim=1), same.shape[1])
        scores = torch.cat([utility, torch.zeros(len(utility), 1)], dim=1)
        return scores.log_softmax(dim=1).gather(1, choice[:, None])[:, 0]


def _opened_above(lives: LoggedUsers, topic: NDArray[np.int64]) -> NDArray[np.int8]:
    """How many items of its topic were opened above each position, (slates, slate_size)."""
    assert lives.shown is not None
    assert lives.clicks is not None
    topics, above = topic[lives.shown], np.zeros(lives.shown.shape, np.int8)
    for k in range(1, topics.shape[1]):
        above[:, k] = ((topics[:, :k] == topics[:, [k]]) & lives.clicks[:, :k]).sum(axis=1)
    return above
