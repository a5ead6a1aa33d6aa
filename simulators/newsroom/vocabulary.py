"""The words of the newsroom, read from ``vocabulary.json`` and ``grammar.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Words:
    """What one subtopic (or a topic in general) talks about.

    Attributes:
        actors: Who acts, singular, with article: "the finance committee".
        verbs: What they do, as (present, past) pairs that take any of the matters as object.
        matters: What it is about, as (full, short) pairs: "a bill on lobbying disclosure", "the bill".
        people: Who is affected, plural, without article.
        measures: What a study of it would count; fits "... rose by 12%".
        details: Whole sentences that fit any actor and matter of the subtopic.
        likes: What a reader likes about it, in everyday words; empty for a topic in general.
        habits: What a reader does, as a first-person verb phrase; empty for a topic in general.
    """

    actors: tuple[str, ...]
    verbs: tuple[tuple[str, str], ...]
    matters: tuple[tuple[str, str], ...]
    people: tuple[str, ...]
    measures: tuple[str, ...]
    details: tuple[str, ...]
    likes: tuple[str, ...] = ()
    habits: tuple[str, ...] = ()

    @property
    def num_stories(self) -> int:
        """Number of distinct (actor, verb, matter) triples."""
        return len(self.actors) * len(self.verbs) * len(self.matters)


@dataclass(frozen=True)
class Topic:
    """One topic: its name, who is quoted on it, its general words and its subtopics."""

    name: str
    sources: tuple[str, ...]
    roles: tuple[str, ...]
    general: Words
    subtopics: dict[str, Words]


@cache
def topics() -> tuple[Topic, ...]:
    """The 18 topics in a fixed order in which neighbours are related: the last also borders the first."""
    return tuple(
        Topic(
            name=entry["name"],
            sources=tuple(entry["sources"]),
            roles=tuple(entry["roles"]),
            general=_words(entry["general"]),
            subtopics={name: _words(words) for name, words in entry["subtopics"].items()},
        )
        for entry in _read("vocabulary.json")["topics"]
    )


@cache
def grammar() -> dict[str, Any]:
    """Sentence patterns as format strings; rules of style hold five lists of them, from low to high."""
    return _read("grammar.json")


def _read(name: str) -> dict[str, Any]:
    return json.loads((_FOLDER / name).read_text(encoding="utf-8"))


def _words(entry: dict[str, list[Any]]) -> Words:
    columns: dict[str, Any] = {key: tuple(values) for key, values in entry.items()}
    for key in ("verbs", "matters"):
        columns[key] = tuple((first, second) for first, second in entry[key])
    return Words(**columns)
