"""The words of the clips, read from ``vocabulary.json`` and ``grammar.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Corner:
    """What one subtopic shows.

    Attributes:
        topic: Number of its topic.
        name: Of the subtopic.
        things: What clips are about, with article: "a taco stand by the station".
        details: Whole sentences that fit any of them.
        likes: What a viewer likes about it, in everyday words.
        habit: What a viewer does, as a first-person verb phrase.
    """

    topic: int
    name: str
    things: tuple[str, ...]
    details: tuple[str, ...]
    likes: tuple[str, ...]
    habit: str


@cache
def clip_topics() -> tuple[str, ...]:
    """Names of the topics."""
    return tuple(entry["name"] for entry in _read("vocabulary.json")["topics"])


@cache
def ways() -> tuple[tuple[str, ...], ...]:
    """How things are done in each topic: "in one pan". With a thing, a title that no other clip of the topic has."""
    return tuple(tuple(entry["ways"]) for entry in _read("vocabulary.json")["topics"])


@cache
def corners() -> tuple[Corner, ...]:
    """All subtopics, topic by topic."""
    return tuple(
        Corner(topic, name, tuple(words["things"]), tuple(words["details"]), tuple(words["likes"]), words["habit"])
        for topic, entry in enumerate(_read("vocabulary.json")["topics"])
        for name, words in entry["subtopics"].items()
    )


@cache
def clip_grammar() -> dict[str, Any]:
    """Sentence patterns as format strings; rules of style hold five lists of them, from low to high."""
    return _read("grammar.json")


def _read(name: str) -> dict[str, Any]:
    return json.loads((_FOLDER / name).read_text(encoding="utf-8"))
