"""Draws a year of dated articles and its readers: what happens first, then texts that tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.catalogue import Personas
from driftrec.simulators.newsroom.articles import any_of
from driftrec.simulators.newsroom.generator import generate_personas, news_about, subtopic_count
from driftrec.simulators.newsroom.geometry import NUM_TOPICS, SUBTOPICS_PER_TOPIC
from driftrec.simulators.vectors import Double
from driftrec.simulators.wire.dated import DAY, Dated, dated
from driftrec.simulators.written import count_of

DAYS = 365
BEGIN = datetime(2025, 1, 1)
EVENTS = 60  # breaking stories a year
EVENT_SHARE = 0.3  # of all articles
EVENT_HALF_LIFE = 36.0  # hours
OWN_SUBTOPIC = 0.7  # of an event's articles; the others tell of its topic
MOST_OF_SUBTOPIC = 200  # articles, of 210 stories that the grammar has
MAX_ARTICLES = 12_000
RHYTHM = (1, 1, 1, 1, 1, 2, 4, 6, 7, 7, 7, 6, 6, 6, 6, 6, 6, 7, 6, 5, 4, 3, 2, 1)
"""How many articles appear in every hour of the day beside the other hours."""

FOLLOW_UPS = (
    "It is day {n} of the story.",
    "Day {n}, and more is coming in.",
    "Our desk has followed the story for {n} days.",
    "Follow-up number {k} to the first report.",
    "More on the story that has led the page for {n} days.",
    "",
)


@dataclass(frozen=True)
class _Told:
    """What the articles are about, in order of appearance, and the sentence about the event, each (articles,)."""

    hours: Double
    subtopic: NDArray[np.int64]
    follow_up: list[str]


def generate_articles(num_items: int = 9000, seed: int = 0) -> Dated:
    """A year of invented news, in order of appearance: 18 topics of four subtopics, and stories that break.

    Of all articles 30 % belong to 60 breaking stories that begin at any time; an article follows its story's beginning
    by an exponential time of half-life 36 hours, and is of the story's subtopic with chance 0.7, else of its topic. The
    others appear at any time of the year. All keep the hours of a newsroom. Hidden numbers, titles and texts are those
    of ``newsroom``; a dateline comes before the text, and mostly a word on the running story after it.

    Args:
        num_items: Number of articles, 1 to ``MAX_ARTICLES``.
        seed: Same seed, same articles. The geometry of the topics does not depend on it.

    Raises:
        TypeError: If ``num_items`` is not whole.
        ValueError: If ``num_items`` is out of range.
    """
    most = "the grammar gives 1 to {most} articles with distinct titles"
    num_items = count_of("num_items", num_items, MAX_ARTICLES, most)
    rng = np.random.default_rng([seed, num_items])
    told = _year(rng, num_items)
    plain = news_about(rng, told.subtopic, "w")
    texts = [
        " ".join(part for part in (_dateline(hour), text, more) if part)
        for hour, text, more in zip(told.hours, plain.texts, told.follow_up, strict=True)
    ]
    parts = {name: getattr(plain, name) for name in plain.__dataclass_fields__}
    return dated(type(plain)(**{**parts, "texts": tuple(texts)}), told.hours.astype(np.float32))


def generate_readers(num_personas: int = 320, seed: int = 0) -> Personas:
    """The audience of ``newsroom``; arguments and errors as there."""
    return generate_personas(num_personas, seed)


def _year(rng: np.random.Generator, count: int) -> _Told:
    """When the articles appear and what they are about."""
    begin = np.sort(rng.uniform(0, DAYS * DAY, EVENTS))
    about = rng.integers(subtopic_count(), size=EVENTS)
    event = np.where(rng.random(count) < EVENT_SHARE, rng.integers(EVENTS, size=count), -1)  # (articles,)
    delay = rng.exponential(EVENT_HALF_LIFE / np.log(2), count)
    hours = np.where(event < 0, rng.uniform(0, DAYS * DAY, count), begin[event] + delay) % (DAYS * DAY)
    share = np.cumsum(RHYTHM) / sum(RHYTHM)
    hour = np.searchsorted(share, rng.random(count), side="right") + rng.random(count)
    late = hours - np.floor(hours / DAY) * DAY  # an event that begins late in a day is not told before
    hours = np.floor(hours / DAY) * DAY + np.where(event < 0, hour, late)
    order = np.argsort(hours, kind="stable")
    hours, event, delay = hours[order], event[order], delay[order]
    own = rng.random(count) < OWN_SUBTOPIC
    topic = np.where(event < 0, rng.integers(NUM_TOPICS, size=count), about[event] // SUBTOPICS_PER_TOPIC)
    subtopic = topic * SUBTOPICS_PER_TOPIC + rng.integers(SUBTOPICS_PER_TOPIC, size=count)
    subtopic = np.where((event >= 0) & own, about[event], subtopic)
    reports = np.zeros(EVENTS, np.int64)
    follow_up = []
    for e, after in zip(event, delay, strict=True):
        reports[e] += e >= 0
        words = {"n": int(after // DAY) + 1, "k": int(reports[e])}
        follow_up.append(any_of(rng, FOLLOW_UPS).format(**words) if e >= 0 else "")
    return _Told(hours, _not_too_many(subtopic), follow_up)


def _not_too_many(subtopic: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same with what is too much of one subtopic given to the topic's next, then to the next topic's."""
    left = np.full(subtopic_count(), MOST_OF_SUBTOPIC)
    given = np.empty_like(subtopic)
    for place, wanted in enumerate(subtopic):
        options = np.roll(np.arange(len(left)).reshape(NUM_TOPICS, -1), -(wanted // SUBTOPICS_PER_TOPIC), axis=0)
        first = np.concatenate([[wanted], options.ravel()])
        given[place] = next(s for s in first if left[s])
        left[given[place]] -= 1
    return given


def _dateline(hours: float) -> str:
    """Weekday, day and time at which an article appears."""
    return (BEGIN + timedelta(hours=float(hours))).strftime("%A %-d %B, %H:%M.")
