"""Draws the packaged catalogue and its audience: hidden numbers first, then texts that carry them."""

from __future__ import annotations

from collections.abc import Container

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.catalogue import Catalogue, Personas
from driftrec.simulators.newsroom.articles import Desk, Story
from driftrec.simulators.newsroom.geometry import DIMS, SUBTOPICS_PER_TOPIC, subtopic_centres
from driftrec.simulators.newsroom.people import write_persona
from driftrec.simulators.newsroom.vocabulary import Topic, Words, topics
from driftrec.simulators.vectors import unit
from driftrec.simulators.written import Person, around_quality, count_of, people

ITEM_SPREAD = 0.3  # length of an item's offset from its subtopic's unit vector
QUALITY_ALLURE_CORRELATION = -0.5
QUALITY_LENGTH_CORRELATION = 0.2  # of quality with log minutes
MEDIAN_MINUTES = 3.5
LOG_MINUTES_SPREAD = 0.45
MINUTES_RANGE = (1.0, 10.0)
GENERAL_RATE = 0.05  # items worded so generally that the subtopic is hard to tell
BLENDED_RATE = 0.05  # items that also mention a story of a neighbouring topic
MAX_ITEMS = 15_120  # 72 subtopics of 210 (actor, verb, matter) triples each
MAX_PERSONAS = 10_000

_TITLE_ATTEMPTS = 20


def generate_news(num_items: int = 1000, seed: int = 0) -> Catalogue:
    """A catalogue of invented news in 18 topics of four subtopics, in equal parts up to rounding.

    ``latent = normalise(subtopic centre + 0.3 * random unit vector)``. Quality and allure are standard normal
    with correlation -0.5. Minutes are log-normal around 3.5, cut to 1 to 10; their log has correlation 0.2
    to quality. The texts tell topic and subtopic by their words, quality and allure by their style, none of
    them perfectly.

    Args:
        num_items: Number of items, 1 to ``MAX_ITEMS``.
        seed: Same seed, same catalogue. The geometry of interest space does not depend on it.

    Raises:
        TypeError: If ``num_items`` is not whole.
        ValueError: If ``num_items`` is out of range.
    """
    num_items = count_of("num_items", num_items, MAX_ITEMS, "the grammar gives 1 to {most} items with distinct titles")
    rng = np.random.default_rng(seed)
    return news_about(rng, _balanced_subtopics(rng, num_items), "n")


def news_about(rng: np.random.Generator, subtopic: NDArray[np.int64], prefix: str) -> Catalogue:
    """Items about these subtopics, as of ``generate_news``.

    Args:
        rng: Source of all else.
        subtopic: Number of each item's subtopic, no more than ``Words.num_stories`` of one, (items,).
        prefix: Of the ids.
    """
    num_items = len(subtopic)
    centres = subtopic_centres().reshape(-1, DIMS)[subtopic]  # (items, dims)
    latent = unit(centres + ITEM_SPREAD * unit(rng.normal(size=centres.shape)))
    quality, allure, length = around_quality(rng, num_items, QUALITY_ALLURE_CORRELATION, QUALITY_LENGTH_CORRELATION)
    minutes = np.clip(MEDIAN_MINUTES * np.exp(LOG_MINUTES_SPREAD * length), *MINUTES_RANGE)
    titles, texts = _write(rng, subtopic, quality, allure)
    return Catalogue(
        ids=tuple(f"{prefix}{i + 1:04d}" for i in range(num_items)),
        titles=titles,
        texts=texts,
        topic_names=tuple(topic.name for topic in topics()),
        subtopics=tuple(_subtopic_list()[s][1] for s in subtopic),
        topic=(subtopic // SUBTOPICS_PER_TOPIC).astype(np.int64),
        latent=latent.astype(np.float32),
        quality=quality.astype(np.float32),
        allure=allure.astype(np.float32),
        minutes=minutes.astype(np.float32),
    )


def subtopic_count() -> int:
    """Subtopics of all topics."""
    return len(_subtopic_list())


def generate_personas(num_personas: int = 320, seed: int = 0) -> Personas:
    """An audience of invented people, each with two to four subtopics of at least two topics.

    ``interest = normalise(sum_j w_j subtopic_j)`` with unequal Dirichlet weights; the text names the heaviest
    interest first.

    Args:
        num_personas: Number of people, 1 to ``MAX_PERSONAS``.
        seed: Same seed, same people. The geometry of interest space does not depend on it.

    Raises:
        TypeError: If ``num_personas`` is not whole.
        ValueError: If ``num_personas`` is out of range.
    """
    num_personas, rng = count_of("num_personas", num_personas, MAX_PERSONAS), np.random.default_rng(seed)
    centres = subtopic_centres().reshape(-1, DIMS)
    words = [words for _, _, words in _subtopic_list()]

    def draw() -> Person:
        chosen, weights = _draw_interests(rng)
        return write_persona(rng, [words[s] for s in chosen]), unit(weights @ centres[chosen])

    return people(num_personas, draw)


def _subtopic_list() -> list[tuple[Topic, str, Words]]:
    """All subtopics in the order of ``subtopic_centres().reshape(72, 16)``."""
    return [(topic, name, words) for topic in topics() for name, words in topic.subtopics.items()]


def _balanced_subtopics(rng: np.random.Generator, num_items: int) -> NDArray[np.int64]:
    """A subtopic for each item: as equal counts as possible, in random order, shape (items,)."""
    order = rng.permutation(len(_subtopic_list()))
    return rng.permutation(np.resize(order, num_items))


def _write(
    rng: np.random.Generator,
    subtopic: NDArray[np.int64],
    quality: NDArray[np.float64],
    allure: NDArray[np.float64],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Titles, all distinct, and texts of the items."""
    entries = _subtopic_list()
    stories = [iter(rng.permutation(words.num_stories)) for _, _, words in entries]
    written: dict[str, str] = {}
    for s, q, a in zip(subtopic, quality, allure, strict=True):
        topic, _, words = entries[s]
        story = Story.numbered(words, int(next(stories[s])))  # each story serves one item
        desk = Desk(rng, topic, words, story, q, a)
        if rng.random() < GENERAL_RATE:
            general = Story.numbered(topic.general, int(rng.integers(topic.general.num_stories)))
            vague = Desk(rng, topic, topic.general, general, q, a)
            title = vague.headline()
            if title not in written:
                written[title] = vague.text(None)
                continue
        other = _neighbour_story(rng, s) if rng.random() < BLENDED_RATE else None
        written[_new_title(desk, written)] = desk.text(other)
    return tuple(written), tuple(written.values())


def _new_title(desk: Desk, taken: Container[str]) -> str:
    """A title that is not taken: in the last resort the plain headline, which no other story has."""
    drafts = (desk.headline() for _ in range(_TITLE_ATTEMPTS))
    return next((title for title in drafts if title not in taken), desk.story.headline)


def _neighbour_story(rng: np.random.Generator, subtopic: int) -> Story:
    """A story of the topic that follows in the list, whose neighbours are related."""
    topic = topics()[(subtopic // SUBTOPICS_PER_TOPIC + 1) % len(topics())]
    words = list(topic.subtopics.values())[rng.integers(SUBTOPICS_PER_TOPIC)]
    return Story.numbered(words, int(rng.integers(words.num_stories)))


def _draw_interests(rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Two to four subtopics of at least two topics, heaviest first, and their weights, which sum to 1."""
    count = int(rng.integers(2, 5))
    while True:
        chosen = rng.choice(len(_subtopic_list()), size=count, replace=False)
        if len(set(chosen // SUBTOPICS_PER_TOPIC)) > 1:
            break
    weights = np.sort(0.1 / count + 0.9 * rng.dirichlet(np.full(count, 2.0)))[::-1]
    return chosen, weights
