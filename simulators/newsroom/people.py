"""Writes one persona: a self-description that names interests in everyday words, the strongest first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from driftrec.simulators.newsroom.articles import any_of, capitalise, full_name
from driftrec.simulators.newsroom.vocabulary import Words, grammar

MIN_WORDS = 12
MAX_WORDS = 35


def write_persona(rng: np.random.Generator, interests: Sequence[Words]) -> str:
    """A self-description of 12 to 35 words.

    Args:
        rng: Source of every choice.
        interests: Words of two to four subtopics, the heaviest first.

    Returns:
        Two sentences. The first names the heaviest interest, the second the others in order.
    """
    while True:
        text = _draft(rng, interests)
        if MIN_WORDS <= len(text.split()) <= MAX_WORDS:
            return text


def _draft(rng: np.random.Generator, interests: Sequence[Words]) -> str:
    rules = grammar()
    job, name = any_of(rng, rules["jobs"]), full_name(rng)
    life = {"job": job, "Job": job, "place": any_of(rng, rules["places"]), "trait": any_of(rng, rules["traits"])}
    opening = any_of(rng, rules["persona_openings"])
    third_person = "{Name}" in opening
    second = any_of(rng, rules["persona_seconds_third" if third_person else "persona_seconds_first"])
    first_sentence = _fill(rng, opening, interests[0], life | {"Name": name})
    second_sentence = _fill(rng, second, interests[1], {"Name": name.split()[0]})
    patterns = rng.permutation(rules["persona_tails"])
    tails = [_fill(rng, pattern, words, {}) for pattern, words in zip(patterns, interests[2:], strict=False)]
    return f"{capitalise(first_sentence)} {capitalise(second_sentence)}{''.join(tails)}."


def _fill(rng: np.random.Generator, pattern: str, words: Words, life: dict[str, str]) -> str:
    return pattern.format(L=any_of(rng, words.likes), H=any_of(rng, words.habits), **life)
