"""Draws the packaged clips and their audience: hidden numbers first, then texts that carry them."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.catalogue import Catalogue, Personas
from driftrec.simulators.clips.clip_words import clip_topics, corners
from driftrec.simulators.clips.clip_writer import (
    Clip,
    creator_names,
    every_clip,
    write_caption,
    write_title,
    write_viewer,
)
from driftrec.simulators.newsroom.geometry import DIMS, around, spread_out
from driftrec.simulators.vectors import Double, unit
from driftrec.simulators.written import Person, around_quality, count_of, people

GEOMETRY_SEED = 20_260_201
CLIP_SPREAD = 0.4  # length of a clip's offset from its subtopic's unit vector
QUALITY_ALLURE_CORRELATION = -0.5
CREATOR_SHARE = 0.4  # of the variance of quality and of allure, the creator's
CREATORS = 5  # of every topic
LOG_MINUTES_SPREAD = 0.4
MINUTES_RANGE = (0.25, 4.0)
WEIGHTS = (1.2, 1.0)  # of a viewer's two likings
MAX_CLIPS = 2016  # 48 subtopics of 42 (thing, way) pairs each
MAX_VIEWERS = 10_000

_TITLE_ATTEMPTS = 20


def generate_clips(num_items: int = 1008, seed: int = 0) -> Catalogue:
    """A catalogue of invented short videos in 12 topics of four subtopics, in equal parts up to rounding.

    ``latent = normalise(subtopic centre + 0.4 * random unit vector)``. Quality and allure are standard normal with
    correlation -0.5; 0.4 of their variance is the creator's. Minutes are log-normal around 1, cut to 0.25 to 4. Titles
    and captions tell topic and subtopic by their words, quality and allure by their style and by the creator, none of
    them perfectly.

    Args:
        num_items: Number of clips, 1 to ``MAX_CLIPS``.
        seed: Same seed, same catalogue. The geometry of interest space does not depend on it.

    Raises:
        TypeError: If ``num_items`` is not whole.
        ValueError: If ``num_items`` is out of range.
    """
    num_items = count_of("num_items", num_items, MAX_CLIPS, "the grammar gives 1 to {most} clips with distinct titles")
    rng = np.random.default_rng(seed)
    corner = rng.permutation(np.resize(np.arange(len(corners())), num_items))  # (items,)
    topic = np.array([each.topic for each in corners()])[corner]
    creator = topic * CREATORS + rng.integers(CREATORS, size=num_items)
    makers = around_quality(rng, CREATORS * len(clip_topics()), QUALITY_ALLURE_CORRELATION)[:, creator]  # (2, items)
    own = around_quality(rng, num_items, QUALITY_ALLURE_CORRELATION)
    quality, allure = np.sqrt(CREATOR_SHARE) * makers + np.sqrt(1 - CREATOR_SHARE) * own
    minutes = np.clip(np.exp(LOG_MINUTES_SPREAD * rng.standard_normal(num_items)), *MINUTES_RANGE)
    offsets = unit(rng.normal(size=(num_items, DIMS)))
    latent = unit(_centres()[corner] + CLIP_SPREAD * offsets)
    written = _write(rng, corner, creator, quality, allure)
    return Catalogue(
        ids=tuple(f"v{i + 1:04d}" for i in range(num_items)),
        titles=tuple(written),
        texts=tuple(written.values()),
        topic_names=clip_topics(),
        subtopics=tuple(corners()[c].name for c in corner),
        topic=topic.astype(np.int64),
        latent=latent.astype(np.float32),
        quality=quality.astype(np.float32),
        allure=allure.astype(np.float32),
        minutes=minutes.astype(np.float32),
    )


def generate_viewers(num_personas: int = 320, seed: int = 0) -> Personas:
    """An audience of invented people, each with likings for subtopics of two topics.

    ``interest = normalise(1.2 first subtopic + second subtopic)``; the text names both, the heavier first, and now and
    then a topic that means nothing to its writer.

    Args:
        num_personas: Number of people, 1 to ``MAX_VIEWERS``.
        seed: Same seed, same people.

    Raises:
        TypeError: If ``num_personas`` is not whole.
        ValueError: If ``num_personas`` is out of range.
    """
    num_personas, rng = count_of("num_personas", num_personas, MAX_VIEWERS), np.random.default_rng(seed)

    def draw() -> Person | None:
        first, second = rng.choice(len(corners()), size=2, replace=False)
        if corners()[first].topic == corners()[second].topic:
            return None
        interest = unit(np.array(WEIGHTS) @ _centres()[[first, second]])
        return write_viewer(rng, (corners()[first], corners()[second])), interest

    return people(num_personas, draw)


@cache
def _centres() -> Double:
    """Centres of the subtopics, in the order of ``corners()``, (subtopics, dims)."""
    topics = spread_out(GEOMETRY_SEED, len(clip_topics()))
    return around(GEOMETRY_SEED + 1, topics).reshape(-1, DIMS)


def _write(
    rng: np.random.Generator, corner: NDArray[np.int64], creator: NDArray[np.int64], quality: Double, allure: Double
) -> dict[str, str]:
    """Captions by title, all distinct."""
    names = creator_names(rng, CREATORS * len(clip_topics()))
    shows = [iter(rng.permutation(every_clip(each)).tolist()) for each in corners()]
    written: dict[str, str] = {}
    for c, who, q, a in zip(corner, creator, quality, allure, strict=True):
        thing, way = next(shows[c])
        clip = Clip(corners()[c], thing, way, names[who], float(q), float(a))
        drafts = (write_title(rng, clip) for _ in range(_TITLE_ATTEMPTS))
        title = next((draft for draft in drafts if draft not in written), clip.plain_title)
        written[title] = write_caption(rng, clip)
    return written
