"""Writes one news item: a headline and a few short sentences whose style betrays quality and allure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from driftrec.simulators.newsroom.vocabulary import Topic, Words, grammar

T = TypeVar("T")

STYLE_NOISE = 0.35  # standard deviation of a passage's style around the item's latent
STYLE_EDGES = (-1.2, -0.4, 0.4, 1.2)  # five levels of a standard normal latent
SOURCE_RATE = 0.7  # of headlines that say how well sourced they are, where their form allows it
DETAIL_RATE = 0.6

_SENTENCE_START = re.compile(r"(?:^|[!?] )[a-z]")
_ARTICLE = re.compile(r"^(?:an?|the) ")


@dataclass(frozen=True)
class Story:
    """Who did what: the core of an item, said again in its headline and its text."""

    actor: str
    verb: tuple[str, str]  # present, past
    matter: tuple[str, str]  # full, short

    @classmethod
    def numbered(cls, words: Words, number: int) -> Story:
        """The story at position ``number`` of the ``words.num_stories`` possible ones."""
        shape = (len(words.actors), len(words.verbs), len(words.matters))
        actor, verb, matter = np.unravel_index(number, shape)
        return cls(words.actors[actor], words.verbs[verb], words.matters[matter])

    @property
    def headline(self) -> str:
        """The plain headline. Distinct stories have distinct plain headlines."""
        return capitalise(f"{_bare(self.actor)} {self.verb[0]} {_bare(self.matter[0])}")

    def slots(self) -> dict[str, str]:
        """Fillers for the patterns: capital A, M with article, lower-case a, m without."""
        return {
            "A": self.actor,
            "a": _bare(self.actor),
            "V": self.verb[0],
            "VD": self.verb[1],
            "M": self.matter[0],
            "m": _bare(self.matter[0]),
            "S": self.matter[1],
        }


@dataclass(frozen=True)
class Desk:
    """Writes up one story: picks patterns by style and fills them with the words of its subtopic.

    Attributes:
        rng: Source of every choice.
        topic: Gives the sources quoted.
        words: Gives people, measures and details.
        story: Who did what.
        quality: Hidden quality; high values name sources, figures and doubts, low ones gossip.
        allure: Hidden pull; high values promise and exclaim, low ones are sober.
    """

    rng: np.random.Generator
    topic: Topic
    words: Words
    story: Story
    quality: float
    allure: float

    def headline(self) -> str:
        """A headline in the style of the allure; many also say how well the story is sourced."""
        pattern, kicker = self._pattern("headlines_by_allure", self.allure), ""
        if self.rng.random() < SOURCE_RATE:
            if pattern.endswith("{m}"):
                pattern += self._pattern("tails_by_quality", self.quality)
            elif ":" not in pattern:
                kicker = self._pattern("kickers_by_quality", self.quality)
        return kicker + self._fill(pattern)

    def text(self, other: Story | None) -> str:
        """Two to four short sentences.

        Args:
            other: A story of a neighbouring topic to mention at the end, or None.
        """
        hook = self._pattern("hooks_by_allure", self.allure)
        opening = self._pattern("openings_by_quality", self.quality)
        evidence = self._pattern("evidence_by_quality", self.quality)
        sentences = [self._fill(pattern) for pattern in (hook, opening, evidence, self._ending(other)) if pattern]
        return " ".join(sentences)

    def _ending(self, other: Story | None) -> str:
        if other is not None:
            return any_of(self.rng, grammar()["links"]).format(**other.slots())
        closing = self._pattern("closings_by_allure", self.allure)
        if not closing and self.rng.random() < DETAIL_RATE:
            return any_of(self.rng, self.words.details)
        return closing

    def _pattern(self, rule: str, latent: float) -> str:
        return any_of(self.rng, grammar()[rule][style_level(self.rng, latent)])

    def _fill(self, pattern: str) -> str:
        return capitalise(pattern.format_map(_Slots(self)))


def style_level(rng: np.random.Generator, latent: float) -> int:
    """Level 0 to 4 of a passage's style: the latent plus noise, cut at fixed edges."""
    return int(np.searchsorted(STYLE_EDGES, latent + STYLE_NOISE * rng.standard_normal()))


def any_of(rng: np.random.Generator, options: Sequence[T]) -> T:
    """One of the options, uniformly."""
    return options[int(rng.integers(len(options)))]


def capitalise(sentence: str) -> str:
    """The text with a capital letter at its start and after a question or exclamation mark."""
    return _SENTENCE_START.sub(lambda found: found.group().upper(), sentence)


def full_name(rng: np.random.Generator) -> str:
    """A first name and a last name."""
    return f"{any_of(rng, grammar()['first_names'])} {any_of(rng, grammar()['last_names'])}"


class _Slots(dict[str, str]):
    """Fillers of a pattern: the story's, and facts drawn when a pattern first asks for them."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.story.slots())
        self.desk = desk

    def __missing__(self, slot: str) -> str:
        self[slot] = _FACTS[slot](self.desk)
        return self[slot]


def _period(rng: np.random.Generator) -> str:
    first = int(rng.integers(2008, 2020))
    return f"between {first} and {first + rng.integers(2, 6)}"


_FACTS: dict[str, Callable[[Desk], str]] = {
    "P": lambda desk: any_of(desk.rng, desk.words.people),
    "X": lambda desk: any_of(desk.rng, desk.words.measures),
    "src": lambda desk: any_of(desk.rng, desk.topic.sources),
    "role": lambda desk: any_of(desk.rng, desk.topic.roles),
    "person": lambda desk: full_name(desk.rng),
    "when": lambda desk: any_of(desk.rng, grammar()["times"]),
    "years": lambda desk: any_of(desk.rng, grammar()["spans"]),
    "rose": lambda desk: any_of(desk.rng, ("rose", "fell")),
    "count": lambda desk: f"{desk.rng.integers(12, 960) * 10:,}",
    "few": lambda desk: str(desk.rng.integers(14, 97)),
    "p": lambda desk: str(desk.rng.integers(4, 48)),
    "k": lambda desk: str(desk.rng.integers(2, 5)),
    "year": lambda desk: str(desk.rng.integers(2008, 2024)),
    "period": lambda desk: _period(desk.rng),
}


def _bare(phrase: str) -> str:
    """The phrase without a leading article, as headlines have it."""
    return _ARTICLE.sub("", phrase)
