"""What a policy does to its audience, step by step: what is opened, how tired of it people are, how long they go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.evaluation.play import Step
from driftrec.simulators.world import World

WINDOW = 20
"""Items that a user opened last, whose topics the entropy is of."""

BEHAVIOUR = {
    "opened_quality": "quality of opened items",
    "opened_allure": "allure of opened items",
    "opened_satiation": "satiation with the opened topic",
    "topic_entropy": f"topic entropy of the last {WINDOW} opened (nats)",
    "gap_hours": "hours away after a session",
}
"""Columns of the steps table that tell of behaviour, in words. A world that lacks what they need lacks them."""


class Behaviour:
    """Means over the users of every step; NaN where there is nobody and nothing to average.

    ``opened_quality``, ``opened_allure``: of the items opened in the step. ``opened_satiation``: of the user with
    the item's topic, before the step. ``topic_entropy``: of the topics of each user's last ``WINDOW`` opened items,
    over the users who are there and have opened as many; fewer items have a lower entropy whatever they are, which
    would make a policy whose slates are rarely opened look narrow. ``gap_hours``: time away, over the sessions that
    end with the step.
    """

    def __init__(self, world: World[Any], users: int, horizon: int) -> None:
        self._catalogue = world.catalogue
        self._windows = None if world.catalogue is None else TopicWindows(users, world.catalogue.num_topics)
        self._horizon = horizon
        self._columns: dict[str, NDArray[np.float64]] = {}

    @property
    def columns(self) -> dict[str, NDArray[np.float64]]:
        """Means by name, in the order of ``BEHAVIOUR``, each (steps,); what the world does not tell is absent."""
        return {name: self._columns[name] for name in BEHAVIOUR if name in self._columns}

    def add(self, step: Step, hidden: Mapping[str, NDArray[Any]]) -> None:
        """Note one step; ``hidden`` is what ``world.reveal`` told before it."""
        self._note("gap_hours", step.number, step.feedback.gap[step.feedback.ended])
        if self._catalogue is None or self._windows is None:
            return
        users, places = np.nonzero(step.feedback.clicks)
        items = step.items[users, places]
        topics = self._catalogue.topic[items]
        self._note("opened_quality", step.number, self._catalogue.quality[items])
        self._note("opened_allure", step.number, self._catalogue.allure[items])
        if "satiation" in hidden:
            self._note("opened_satiation", step.number, hidden["satiation"][users, topics])
        for place in np.unique(places):  # a user stands in each but once
            self._windows.add(users[places == place], topics[places == place])
        self._note("topic_entropy", step.number, self._windows.entropies(step.present))

    def _note(self, name: str, step: int, values: NDArray[np.floating]) -> None:
        column = self._columns.setdefault(name, np.full(self._horizon, np.nan))
        if values.size:
            column[step] = values.mean(dtype=np.float64)


class TopicWindows:
    """Topics, of as many as ``topics``, of the last ``WINDOW`` items that each of ``users`` users opened."""

    def __init__(self, users: int, topics: int) -> None:
        self._last = np.full((users, WINDOW), -1, np.int64)  # a ring
        self._opened = np.zeros(users, np.int64)
        self._counts = np.zeros((users, topics), np.int64)
        counts = np.arange(WINDOW + 1)
        self._parts = -counts / WINDOW * np.log(np.maximum(counts, 1) / WINDOW)  # of the entropy, by count

    def add(self, users: NDArray[np.intp], topics: NDArray[np.int64]) -> None:
        """Each of ``users``, none twice, opened an item of the topic beside it in ``topics``."""
        slots = self._opened[users] % WINDOW
        dropped = self._last[users, slots]
        full = dropped >= 0
        self._counts[users[full], dropped[full]] -= 1
        self._counts[users, topics] += 1
        self._last[users, slots] = topics
        self._opened[users] += 1

    def entropies(self, users: NDArray[np.intp]) -> NDArray[np.float64]:
        """Entropy in nats of the topics of those among ``users`` who opened at least ``WINDOW`` items."""
        return self._parts[self._counts[users[self._opened[users] >= WINDOW]]].sum(axis=1)
