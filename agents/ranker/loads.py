"""How much of every topic a user has opened of late, as far as the observation tells."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.policy import Observation
from driftrec.simulators.vectors import Float


class Loads(Protocol):
    """What is known of topics in a world."""

    @property
    def topic(self) -> NDArray[np.int64]:
        """Of every item of the catalogue, from 0, (items,)."""
        ...

    @property
    def half_life(self) -> float | None:
        """Hours or steps over which loads fade by half, to start a search from; None where the world counts."""
        ...

    def __call__(self, observation: Observation, half_life: float) -> Float:
        """Openings of every topic that still count, float32, (users, topics)."""
        ...


class FadingLoads:
    """Openings of every topic, each counting 2^(-age / half_life).

    What was opened is read off the reading list, where the world shows one, else off the impressions.

    Args:
        topic: Of every item, (items,).
        half_life: To start a search from, in the unit of the observation's ages.
        reads: Whether observations hold "read_items".
    """

    def __init__(self, topic: NDArray[np.int64], half_life: float, reads: bool) -> None:
        self.topic, self.half_life = topic, half_life
        self._topics, self._reads = int(topic.max()) + 1, reads

    def __call__(self, observation: Observation, half_life: float) -> Float:
        """Fading counts, (users, topics)."""
        items, age = ("read_items", "read_age") if self._reads else ("shown", "age")
        opened = observation[items] >= 0 if self._reads else observation["clicked"] > 0
        users, places = np.nonzero(opened)
        topic = self.topic[observation[items][users, places]]
        weights = np.exp2(-observation[age][users, places] / half_life)
        size = len(opened) * self._topics
        counts = np.bincount(users * self._topics + topic, weights, size)
        return counts.reshape(len(opened), self._topics).astype(np.float32)


class CountedLoads:
    """The counts that a world shows by topic, which nothing needs to be made of.

    Args:
        topic: Of every item, (items,).
        field: Of the observation.
        first: Column of the field that holds the first topic's.
        unit: Openings that the observation calls 1.
    """

    half_life = None

    def __init__(self, topic: NDArray[np.int64], field: str, first: int, unit: float) -> None:
        self.topic, self._field = topic, field
        self._columns, self._unit = slice(first, first + int(topic.max()) + 1), np.float32(unit)

    def __call__(self, observation: Observation, half_life: float) -> Float:
        """The counts as they are, (users, topics)."""
        counts: Float = self._unit * observation[self._field][:, self._columns]
        return counts
