"""Writes one clip, and one viewer: texts whose words betray topics and whose style betrays quality and allure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from driftrec.simulators.clips.clip_words import Corner, clip_grammar, corners, ways
from driftrec.simulators.newsroom.articles import any_of, capitalise, full_name, style_level
from driftrec.simulators.newsroom.vocabulary import grammar

VAGUE_RATE = 0.08  # clips whose title does not say what they show
LINK_RATE = 0.1  # clips that mention something of another topic
HOOK_RATE = 0.7
LINE_RATE = 0.8
DETAIL_RATE = 0.7


@dataclass(frozen=True)
class Clip:
    """What a clip shows, and how.

    Attributes:
        corner: Its subtopic.
        thing: What it shows.
        way: How.
        creator: Who made it.
        quality: Hidden quality; high values explain and are well made, low ones are blurry.
        allure: Hidden pull; high values shout, low ones are sober.
    """

    corner: Corner
    thing: str
    way: str
    creator: str
    quality: float
    allure: float

    @property
    def plain_title(self) -> str:
        """Distinct clips have distinct plain titles."""
        return capitalise(f"{self.thing} {self.way}")


def write_title(rng: np.random.Generator, clip: Clip) -> str:
    """A title in the style of the allure."""
    thing = any_of(rng, clip_grammar()["vague_things"]) if rng.random() < VAGUE_RATE else clip.thing
    pattern = any_of(rng, clip_grammar()["titles_by_allure"][style_level(rng, clip.allure)])
    return capitalise(pattern.format(t=thing, w=clip.way))


def write_caption(rng: np.random.Generator, clip: Clip) -> str:
    """Creator, hook, a line about the making, a detail, and now and then something else."""
    rules = clip_grammar()
    parts = [any_of(rng, rules["credits"]).format(c=f"@{clip.creator}")]
    if rng.random() < HOOK_RATE:
        parts.append(any_of(rng, rules["hooks_by_allure"][style_level(rng, clip.allure)]))
    if rng.random() < LINE_RATE:
        parts.append(any_of(rng, rules["lines_by_quality"][style_level(rng, clip.quality)]))
    if rng.random() < DETAIL_RATE:
        parts.append(any_of(rng, clip.corner.details))
    if rng.random() < LINK_RATE:
        parts.append(any_of(rng, rules["links"]).format(o=any_of(rng, any_of(rng, corners()).things)))
    return " ".join(part for part in parts if part)


def every_clip(corner: Corner) -> list[tuple[str, str]]:
    """All (thing, way) of a subtopic."""
    return [(thing, way) for thing in corner.things for way in ways()[corner.topic]]


def creator_names(rng: np.random.Generator, count: int) -> list[str]:
    """Distinct handles, at most 225."""
    rules = clip_grammar()
    heads, tails = rules["creator_heads"], rules["creator_tails"]
    order = rng.permutation(len(heads) * len(tails))[:count]
    return [heads[number // len(tails)] + tails[number % len(tails)] for number in order]


def write_viewer(rng: np.random.Generator, likes: Sequence[Corner]) -> str:
    """A self-description: the heaviest liking first, then the other; now and then a topic that means nothing."""
    rules, life = clip_grammar(), grammar()
    first, second = likes
    name = full_name(rng)
    words = {"job": any_of(rng, life["jobs"]), "place": any_of(rng, life["places"]), "Name": name}
    opening = any_of(rng, rules["persona_openings"]).format(l=any_of(rng, first.likes), h=first.habit, **words)
    then = any_of(rng, rules["persona_seconds"]).format(l=any_of(rng, second.likes), h=second.habit)
    tail = any_of(rng, rules["persona_tails"]).format(l=any_of(rng, any_of(rng, corners()).likes))
    return f"{capitalise(opening)} {capitalise(then)}.{tail}"
