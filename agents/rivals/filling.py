"""Slates filled from the top, each pick the item that gains most given what those above it are expected to take."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines.common import top_k
from driftrec.agents.policy import Observation
from driftrec.agents.ranker.choice import Choice
from driftrec.simulators.offers import OFFERED, items_of
from driftrec.simulators.vectors import Float

POOL = 64
"""Items of the highest gain among which slates are filled where users are not offered the same ones."""

Price = Callable[[Float], Float]
"""Of one more opening of each topic after so many expected openings of it above on the slate, both (users, topics)."""


class Filling:
    """Fills slates by a ranker's choice model: how many of those above are opened is what it expects.

    Args:
        choice: How users choose.
        topic: Of every item of the catalogue, from 0, (items,).
        slate_size: Positions in a slate.
        joint: Whether items know those above them; else the best by themselves are shown, best first.
    """

    def __init__(self, choice: Choice, topic: NDArray[np.int64], slate_size: int, joint: bool = True) -> None:
        self.choice, self.topic, self.slate_size, self.joint = choice, topic, slate_size, joint
        self._members = [np.flatnonzero(topic == each) for each in np.unique(topic)]

    def topics(self, observation: Observation, shape: tuple[int, ...]) -> NDArray[np.int64]:
        """Of what may be shown, (users, items), which is ``shape``."""
        if OFFERED not in observation:
            return np.broadcast_to(self.topic, shape)
        return self.topic[items_of(observation, np.broadcast_to(np.arange(shape[1]), shape))]

    def slates(self, observation: Observation, appeal: Float, value: Float, price: Price) -> NDArray[np.int64]:
        """Best first, (users, slate_size).

        Args:
            observation: Of the users; tells what is on offer, where not everything is.
            appeal: See ``View``.
            value: Of opening each item, without the price of its topic, (users, items).
            price: Of topics.
        """
        topic = self.topics(observation, appeal.shape)
        nothing = np.zeros((len(appeal), int(self.topic.max()) + 1), np.float32)
        gains = self.choice.gains(appeal, value - _of(price(nothing), topic))
        if not self.joint:
            return top_k(gains, self.slate_size)
        pool = self._pool(gains, OFFERED in observation)  # (users, candidates)
        appeal, value = np.take_along_axis(appeal, pool, axis=1), np.take_along_axis(value, pool, axis=1)
        picks = self._fill(appeal, value, np.take_along_axis(topic, pool, axis=1), price, nothing)
        return np.take_along_axis(pool, picks, axis=1)

    def _pool(self, gains: Float, own_offers: bool) -> NDArray[np.int64]:
        """Items among which slates are filled: the best of every topic, whose order prices hardly change."""
        if own_offers:
            return top_k(gains, min(max(POOL, self.slate_size), gains.shape[1]))
        best = [of[top_k(gains[:, of], min(self.slate_size, len(of)))] for of in self._members]
        return np.concatenate(best, axis=1)

    def _fill(
        self, appeal: Float, value: Float, topic: NDArray[np.int64], price: Price, taken: Float
    ) -> NDArray[np.int64]:
        """Columns of the pool from the top down, (users, slate_size), ``taken`` being nothing yet."""
        users = np.arange(len(appeal))
        picks = np.empty((len(users), self.slate_size), np.int64)
        picked = np.full(picks.shape, -np.inf, np.float32)  # appeal of the picks so far: nobody opens an empty place
        used = np.zeros(appeal.shape, np.bool_)
        for place in range(self.slate_size):
            gains = self.choice.gains(appeal, value - _of(price(taken), topic))
            gains[used] = -np.inf
            picks[:, place] = pick = gains.argmax(axis=1)
            used[users, pick] = True
            picked[:, place] = appeal[users, pick]
            taken = self._taken(picked, np.take_along_axis(topic, picks[:, : place + 1], axis=1), taken.shape)
        return picks

    def _taken(self, picked: Float, topic: NDArray[np.int64], shape: tuple[int, ...]) -> Float:
        """Expected openings of every topic, (users, topics), of picks (users, slate_size) with these topics."""
        taken = np.zeros(shape, np.float32)
        chances = self.choice.expected(picked)[:, : topic.shape[1]]
        np.add.at(taken, (np.arange(len(topic))[:, None], topic), chances)
        return taken


def _of(values: Float, topic: NDArray[np.int64]) -> Float:
    """What ``values`` (users, topics) hold for the topics of items, both (users, items)."""
    return np.take_along_axis(values, topic, axis=1)
