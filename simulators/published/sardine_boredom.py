"""SARDINE's boredom: a topic clicked too often of late bores for a while."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import warm
from driftrec.simulators.published.sardine_config import SardineConfig
from driftrec.simulators.world import put

NO_TOPIC = -1
"""Topic of a place in the log that holds no click."""


@dataclass
class Boredom:
    """The log of last clicks and what it does; leading axis users.

    All arrays but ``head`` lie topic by topic (slot by slot) in memory, so that a step runs over users.

    Attributes:
        topics: Main topics of the clicks logged, int8, (users, recent_clicks); a ring of slots.
        age: Steps since each of them, int16, (users, recent_clicks).
        head: Slot of the next click, int16, (users,).
        counts: Clicks logged on every topic, int8, (users, topics).
        bored: Whether a topic bores now, bool, (users, topics).
        timeout: Steps until it does so no more; the window where it does not, int16, (users, topics).
    """

    topics: NDArray[np.int8]
    age: NDArray[np.int16]
    head: NDArray[np.int16]
    counts: NDArray[np.int8]
    bored: NDArray[np.bool_]
    timeout: NDArray[np.int16]

    @classmethod
    def none(cls, num_users: int, num_topics: int, config: SardineConfig) -> Boredom:
        """Of users who have clicked nothing."""
        log, topics = (config.recent_clicks, num_users), (num_topics, num_users)
        return cls(
            topics=np.full(log, NO_TOPIC, np.int8).T,
            age=np.zeros(log, np.int16).T,
            head=np.zeros(num_users, np.int16),
            counts=np.zeros(topics, np.int8).T,
            bored=np.zeros(topics, np.bool_).T,
            timeout=np.full(topics, config.boredom_window, np.int16).T,
        )

    def live_on(self, topics: NDArray[np.int8], clicks: NDArray[np.bool_], config: SardineConfig) -> None:
        """Log the clicks of one step, let it pass, and be bored or not.

        Args:
            topics: Main topics of the items shown, (slate_size, users).
            clicks: Which of them were clicked, (slate_size, users).
            config: The parameters.
        """
        self._log(topics, clicks)
        self.age += 1  # wraps after 32,768 steps, in slots that have long been empty
        age, counts = self.age.T, self.counts.T
        np.putmask(self.topics.T, age > config.boredom_window, NO_TOPIC)
        bored, timeout = self.bored.T, self.timeout.T
        timeout -= bored
        bored &= timeout != 0
        np.putmask(timeout, ~bored, config.boredom_window)
        self._count()
        bored |= counts >= config.boredom_threshold

    def share(self, config: SardineConfig) -> NDArray[np.float32]:
        """Logged clicks on every topic as a share of those that bore, at most 1, (users, topics)."""
        share = warm.cast(self.counts.T, np.float32).T  # topic by topic, as the counts
        share /= np.float32(config.boredom_threshold)
        return np.minimum(share, np.float32(1.0), out=share)

    def put(self, lanes: NDArray[np.intp], fresh: Boredom) -> None:
        """Overwrite the users ``lanes`` with those of ``fresh``."""
        put(self, lanes, fresh)

    def _log(self, topics: NDArray[np.int8], clicks: NDArray[np.bool_]) -> None:
        """Write the clicks into the next slots, from the top position down; the newest overwrite the oldest."""
        place = clicks.astype(np.int16)  # (slate_size, users): 1 for the first click of a slate, and so on
        for above, here in itertools.pairwise(place):  # ten times as fast as np.cumsum
            here += above
        position, users = np.divmod(np.flatnonzero(clicks), clicks.shape[1])
        slots = (self.head[users] + place[position, users] - 1) % self.topics.shape[1]
        self.topics[users, slots] = topics[position, users]  # lower positions come last and so win a shared slot
        self.age[users, slots] = 0
        self.head += place[-1]
        self.head %= self.topics.shape[1]

    def _count(self) -> None:
        counts = self.counts.T
        counts[:] = 0
        every = np.arange(len(counts), dtype=np.int8)[:, None]
        for slot in self.topics.T:
            counts += slot == every
