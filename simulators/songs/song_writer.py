"""Writes one song's title and note, and one listener: words betray style and mood, phrases quality and allure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from driftrec.simulators.newsroom.articles import any_of, capitalise, full_name, style_level
from driftrec.simulators.newsroom.vocabulary import grammar

OTHER_WORD_RATE = 0.3  # titles with a word of another mood
MOOD_RATE = 0.6  # notes that say the mood
LINE_RATE = 0.75
HOOK_RATE = 0.7
OTHER_SOUND_RATE = 0.1  # notes that name a sound of another style


@dataclass(frozen=True)
class Song:
    """What a song is.

    Attributes:
        style: Number of its style.
        mood: Name of its mood.
        artist: Who made it.
        quality: Hidden quality.
        allure: Hidden pull.
    """

    style: int
    mood: str
    artist: str
    quality: float
    allure: float


@cache
def song_words() -> dict[str, Any]:
    """Styles, moods and patterns, from ``songs.json``."""
    return json.loads(Path(__file__).with_name("songs.json").read_text(encoding="utf-8"))


def style_names() -> tuple[str, ...]:
    """Names of the styles."""
    return tuple(style["name"] for style in song_words()["styles"])


def song_title(rng: np.random.Generator, song: Song) -> str:
    """A title of two words of the mood, or one of another's."""
    rules = song_words()
    moods = rules["moods"]
    other = any_of(rng, list(moods)) if rng.random() < OTHER_WORD_RATE else song.mood
    first, second = any_of(rng, moods[song.mood]["words"]), any_of(rng, moods[other]["words"])
    slots = {"p": any_of(rng, rules["places"]), "f": any_of(rng, rules["names"]), "n": f"take {rng.integers(2, 60)}"}
    return capitalise(any_of(rng, rules["titles"]).format(a=first, b=second, **slots))


def song_note(rng: np.random.Generator, song: Song) -> str:
    """Artist and a sound, and mostly hook, a critic's line and the mood."""
    rules = song_words()
    style = int(rng.integers(len(rules["styles"]))) if rng.random() < OTHER_SOUND_RATE else song.style
    sound = any_of(rng, rules["styles"][style]["sounds"])
    parts = [capitalise(any_of(rng, rules["credits"]).format(c=song.artist, s=sound))]
    if rng.random() < HOOK_RATE:
        parts.append(any_of(rng, rules["hooks_by_allure"][style_level(rng, song.allure)]))
    if rng.random() < LINE_RATE:
        parts.append(any_of(rng, rules["lines_by_quality"][style_level(rng, song.quality)]))
    if rng.random() < MOOD_RATE:
        parts.append(any_of(rng, rules["moods"][song.mood]["lines"]))
    return " ".join(part for part in parts if part)


def artist_names(rng: np.random.Generator, count: int) -> list[str]:
    """Distinct names, at most some hundreds."""
    rules, names = song_words(), dict[str, None]()
    while len(names) < count:
        words = {
            "x": any_of(rng, rules["band_heads"]),
            "y": any_of(rng, rules["band_tails"]),
            "f": any_of(rng, rules["names"]),
        }
        names[any_of(rng, rules["bands"]).format(**words)] = None
    return list(names)


def write_listener(rng: np.random.Generator, likes: Sequence[int]) -> str:
    """A self-description: the heavier style first, then the other; now and then one that means nothing."""
    rules, life = song_words(), grammar()
    first, second = (rules["styles"][style] for style in likes)
    words = {"job": any_of(rng, life["jobs"]), "place": any_of(rng, life["places"]), "Name": full_name(rng)}
    opening = any_of(rng, rules["persona_openings"]).format(l=any_of(rng, first["likes"]), h=first["habit"], **words)
    then = any_of(rng, rules["persona_seconds"]).format(l=any_of(rng, second["likes"]), h=second["habit"])
    tail = any_of(rng, rules["persona_tails"]).format(l=any_of(rng, any_of(rng, rules["styles"])["likes"]))
    return f"{capitalise(opening)} {capitalise(then)}.{tail}"
