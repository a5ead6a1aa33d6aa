"""How much of every topic a user has had, as far as the observation tells, or as is believed of the user."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.beliefs.topic_belief import TOLD
from driftrec.agents.policy import Observation
from driftrec.agents.ranker.judge import View
from driftrec.simulators.vectors import Float


class Loads(Protocol):
    """What is known of topics in a world."""

    @property
    def topic(self) -> NDArray[np.int64]:
        """Of every item of the catalogue, from 0, (items,)."""
        ...

    @property
    def half_life(self) -> float | None:
        """Hours or steps over which loads fade by half, to start a search from; None where it makes no difference."""
        ...

    @property
    def burden(self) -> NDArray[np.float32] | None:
        """What showing each item adds to the load of its topic, (items,); None where opening does, by 1."""
        ...

    @property
    def bar(self) -> float:
        """What a bar of 1 is of the openings that are not too much: what searches of it step by."""
        ...

    @property
    def grows(self) -> bool:
        """Whether ``room`` is known."""
        ...

    def room(self, view: View) -> Float | None:
        """How much an opening adds to the taste for its topic, (users, topics); None where that is not known."""
        ...

    @property
    def wears(self) -> bool:
        """Whether ``wears_out`` is known."""
        ...

    def wears_out(self, view: View) -> Float | None:
        """Chance that an opening wears the very item out, (users, items); None where that is not known."""
        ...

    def excess(self, observation: Observation, view: View, bar: float, half_life: float) -> Float:
        """Load of every topic over a bar, in openings, (users, topics)."""
        ...


class Counts:
    """Loads that the observation tells, over a bar that is the same for all users."""

    topic: NDArray[np.int64]
    half_life: float | None
    burden: NDArray[np.float32] | None = None
    bar, grows, wears = 1.0, False, False

    def room(self, view: View) -> None:
        """Not known."""

    def wears_out(self, view: View) -> None:
        """Not known."""

    def excess(self, observation: Observation, view: View, bar: float, half_life: float) -> Float:
        """Counts over the bar."""
        return self(observation, half_life) - np.float32(bar)

    def __call__(self, observation: Observation, half_life: float) -> Float:
        """Openings of every topic that still count, float32, (users, topics)."""
        raise NotImplementedError


class FadingLoads(Counts):
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


class CountedLoads(Counts):
    """The counts that a world shows by topic, which nothing needs to be made of.

    Args:
        topic: Of every item, (items,).
        field: Of the observation.
        first: Column of the field that holds the first topic's.
        unit: Openings that the observation calls 1.
        burden: See ``Loads``.
    """

    half_life = None

    def __init__(
        self,
        topic: NDArray[np.int64],
        field: str,
        first: int,
        unit: float,
        burden: NDArray[np.float32] | None = None,
    ) -> None:
        self.topic, self._field, self.burden = topic, field, burden
        self._columns, self._unit = slice(first, first + int(topic.max()) + 1), np.float32(unit)

    def __call__(self, observation: Observation, half_life: float) -> Float:
        """The counts as they are, (users, topics)."""
        counts: Float = self._unit * observation[self._field][:, self._columns]
        return counts


class BelievedLoads:
    """What a ranker believes of every user and topic, over a bar that is a part of the user's own threshold.

    Args:
        topic: Of every item, (items,).
        wears: Whether it believes something of how single items wear out, see ``Ranker``.
        burden: See ``Loads``.
    """

    half_life, bar, grows = None, 0.25, True

    def __init__(
        self, topic: NDArray[np.int64], wears: bool = False, burden: NDArray[np.float32] | None = None
    ) -> None:
        self.topic, self.wears, self.burden = topic, wears, burden

    def room(self, view: View) -> Float:
        """Log-odds that one opening is believed to add, (users, topics)."""
        return _told(view, "room")

    def wears_out(self, view: View) -> Float | None:
        """The last number of the past."""
        if not self.wears:
            return None
        assert view.past is not None
        return view.past[..., -1]

    def excess(self, observation: Observation, view: View, bar: float, half_life: float) -> Float:
        """Expected load over that part of the expected threshold."""
        return _told(view, "load") - np.float32(bar) * _told(view, "threshold")


def _told(view: View, what: str) -> Float:
    """Of every topic, see ``TopicBelief.told``, (users, topics)."""
    assert view.believed is not None
    told: Float = view.believed[..., TOLD.index(what)]
    return told
