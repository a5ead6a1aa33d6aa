"""Draws the packaged songs and their audience: hidden numbers first, then texts that carry them."""

from __future__ import annotations

from functools import cache

import numpy as np

from driftrec.simulators.catalogue import Catalogue, Personas
from driftrec.simulators.feed.mood import MOODS
from driftrec.simulators.newsroom.geometry import DIMS, spread_out
from driftrec.simulators.songs.song_writer import (
    Song,
    artist_names,
    song_note,
    song_title,
    style_names,
    write_listener,
)
from driftrec.simulators.vectors import Double, unit
from driftrec.simulators.written import Person, around_quality, count_of, people

GEOMETRY_SEED = 20_260_301
ARTIST_SPREAD = 0.5  # length of an artist's offset from its style's unit vector
SONG_SPREAD = 0.3  # length of a song's offset from its artist's
QUALITY_ALLURE_CORRELATION = -0.5
ARTISTS = 12  # of every style
MEAN_MINUTES = 3.5
LOG_MINUTES_SPREAD = 0.2
WEIGHTS = (1.2, 1.0)  # of a listener's two styles
MAX_SONGS = 3000
MAX_LISTENERS = 5000


def generate_songs(num_items: int = 1000, seed: int = 0) -> Catalogue:
    """A catalogue of invented songs in 10 styles of 12 artists each, in equal parts up to rounding.

    ``latent = normalise(normalise(style + 0.5 * artist's own) + 0.3 * song's own)``. The subtopic is the mood, each as
    frequent. Quality and allure are standard normal with correlation -0.5. Minutes are log-normal around 3.5. Titles
    and notes tell style and mood by their words, quality and allure by their phrases, none of them perfectly.

    Args:
        num_items: Number of songs, 1 to ``MAX_SONGS``.
        seed: Same seed, same catalogue. The geometry of the styles does not depend on it.

    Raises:
        TypeError: If ``num_items`` is not whole.
        ValueError: If ``num_items`` is out of range.
    """
    num_items = count_of("num_items", num_items, MAX_SONGS, "the grammar gives 1 to {most} songs with distinct titles")
    rng = np.random.default_rng(seed)
    style = rng.permutation(np.resize(np.arange(len(style_names())), num_items))
    artist = style * ARTISTS + rng.integers(ARTISTS, size=num_items)
    mood = rng.permutation(np.resize(np.arange(len(MOODS)), num_items))
    quality, allure, length = around_quality(rng, num_items, QUALITY_ALLURE_CORRELATION, 0.0)
    makers = unit(
        np.repeat(_centres(), ARTISTS, axis=0) + ARTIST_SPREAD * unit(rng.normal(size=(artist_count(), DIMS)))
    )
    latent = unit(makers[artist] + SONG_SPREAD * unit(rng.normal(size=(num_items, DIMS))))
    names = artist_names(rng, artist_count())
    written: dict[str, str] = {}
    for s, who, m, q, a in zip(style, artist, mood, quality, allure, strict=True):
        song = Song(int(s), MOODS[m], names[who], float(q), float(a))
        title = song_title(rng, song)
        while title in written:
            title = song_title(rng, song)
        written[title] = song_note(rng, song)
    return Catalogue(
        ids=tuple(f"s{i + 1:04d}" for i in range(num_items)),
        titles=tuple(written),
        texts=tuple(written.values()),
        topic_names=style_names(),
        subtopics=tuple(MOODS[m] for m in mood),
        topic=style.astype(np.int64),
        latent=latent.astype(np.float32),
        quality=quality.astype(np.float32),
        allure=allure.astype(np.float32),
        minutes=(MEAN_MINUTES * np.exp(LOG_MINUTES_SPREAD * length)).astype(np.float32),
    )


def generate_listeners(num_personas: int = 320, seed: int = 0) -> Personas:
    """An audience of invented people, each with two styles: ``interest = normalise(1.2 first + second + 0.5 own)``.

    Args:
        num_personas: Number of people, 1 to ``MAX_LISTENERS``.
        seed: Same seed, same people.

    Raises:
        TypeError: If ``num_personas`` is not whole.
        ValueError: If ``num_personas`` is out of range.
    """
    num_personas, rng = count_of("num_personas", num_personas, MAX_LISTENERS), np.random.default_rng(seed)

    def draw() -> Person:
        likes = rng.choice(len(style_names()), size=2, replace=False)
        own = unit(rng.normal(size=(1, DIMS)))[0]
        return write_listener(rng, likes.tolist()), unit(np.array(WEIGHTS) @ _centres()[likes] + 0.5 * own)

    return people(num_personas, draw)


def artist_count() -> int:
    """Artists in all."""
    return ARTISTS * len(style_names())


@cache
def _centres() -> Double:
    """Centres of the styles, (styles, dims)."""
    return spread_out(GEOMETRY_SEED, len(style_names()))
