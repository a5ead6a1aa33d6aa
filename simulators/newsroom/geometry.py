"""Where topics and subtopics lie in interest space: the same for every catalogue and every audience."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.vectors import unit

DIMS = 16
NUM_TOPICS = 18
SUBTOPICS_PER_TOPIC = 4
GEOMETRY_SEED = 20_260_101
SUBTOPIC_SPREAD = 0.6  # length of a subtopic's offset from its topic's unit vector

_REPULSION_STEPS = 300
_FAR_RATE = 0.1
_NEAR_RATE = 0.3


def topic_centres() -> NDArray[np.float64]:
    """Topic centres, unit rows, shape (18, 16); no two have an absolute cosine above 0.2."""
    return _topic_centres().copy()


def subtopic_centres() -> NDArray[np.float64]:
    """Subtopic centres, unit rows, shape (18, 4, 16): normalise(topic + 0.6 * random unit vector)."""
    return _subtopic_centres().copy()


def spread_out(seed: int, count: int) -> NDArray[np.float64]:
    """Random directions pushed apart by gradient steps on sums of squares and fourth powers of cosines, (count, 16)."""
    centres = unit(np.random.default_rng(seed).normal(size=(count, DIMS)))
    for _ in range(_REPULSION_STEPS):
        cosines = centres @ centres.T - np.eye(count)  # (topics, topics)
        centres = unit(centres - (_FAR_RATE * cosines + _NEAR_RATE * cosines**3) @ centres)
    return centres


def around(seed: int, centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Subtopics of the topics ``centres``: normalise(topic + 0.6 * random unit vector), (topics, 4, 16)."""
    offsets = unit(np.random.default_rng(seed).normal(size=(len(centres), SUBTOPICS_PER_TOPIC, DIMS)))
    return unit(centres[:, None, :] + SUBTOPIC_SPREAD * offsets)


@cache
def _topic_centres() -> NDArray[np.float64]:
    return spread_out(GEOMETRY_SEED, NUM_TOPICS)


@cache
def _subtopic_centres() -> NDArray[np.float64]:
    return around(GEOMETRY_SEED + 1, _topic_centres())
