"""A logging policy fitted to a log that kept no propensities: a multinomial over items by position and last topic."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.estimation.estimators import Chances
from driftrec.agents.logbook.logged_lives import LoggedLives
from driftrec.agents.policy import Context

SMOOTHED = 1.0
"""Impressions that are added to every cell, spread as one level above says."""


def fitted_chances(lives: LoggedLives, context: Context) -> Chances:
    """Chances of what was shown, by a model of how the log came about.

        P(item at k | last topic z opened) = P(topic at k | z) P(item | topic),

    all by counts, smoothed. A pick given those above it has that chance among the items that they leave. What else the
    logging policy looked at is missing: estimates are as wrong as this is.

    Args:
        lives: The log.
        context: Topics of the items; without them all are of one.
    """
    topics = np.zeros(context.num_items, np.int64) if context.topics is None else context.topics
    last = _last_topic(lives, topics)  # (users, steps), from 0 for none
    size = lives.shape[2]
    topic = topics[np.maximum(lives.items, 0)]
    there = np.broadcast_to(lives.there[..., None], lives.items.shape)
    number = int(topics.max()) + 1
    place = np.broadcast_to(np.arange(size), lives.items.shape)
    before = np.broadcast_to(last[..., None], lives.items.shape)
    counts = np.zeros((number + 1, size, number))
    np.add.at(counts, (before[there], place[there], topic[there]), 1.0)
    usual = counts.sum(axis=(0, 1)) + SMOOTHED
    counts += SMOOTHED * number * usual / usual.sum()
    of_topic = counts / counts.sum(axis=2, keepdims=True)
    of_item = np.bincount(lives.items[there], minlength=context.num_items) + SMOOTHED
    of_item = of_item / np.bincount(topics, of_item)[topics]
    places = of_topic[before, place, topic] * of_item[np.maximum(lives.items, 0)]
    above = places.cumsum(axis=2) - places
    picks = np.minimum(places / np.maximum(1.0 - above, 1e-6), 1.0)
    return Chances(np.where(there, picks, 1.0), np.where(there, places, 1.0))


def _last_topic(lives: LoggedLives, topics: NDArray[np.int64]) -> NDArray[np.int64]:
    """1 + the topic that each user opened last before each step, 0 for none, (users, steps)."""
    users, steps, _ = lives.shape
    last = np.zeros((users, steps), np.int64)
    for step in range(1, steps):
        clicks = lives.clicks[:, step - 1]
        opened = topics[np.maximum(lives.items[:, step - 1], 0)]
        first = np.take_along_axis(opened, clicks.argmax(axis=1)[:, None], axis=1)[:, 0]
        last[:, step] = np.where(clicks.any(axis=1), first + 1, last[:, step - 1])
    return last


def logged_chances(lives: LoggedLives, context: Context) -> tuple[Chances, bool]:
    """The log's own propensities, or fitted ones where it has none; and whether they are fitted."""
    if lives.picks is None:
        return fitted_chances(lives, context), True
    return Chances(lives.picks, lives.places), False
