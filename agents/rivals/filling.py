"""Slates filled from the top, each pick the item that gains most given what those above it are expected to take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

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
"""Of one more opening of each topic after so many expected openings of it above on the slate, both (users, topics); or
of showing one more after the burdens of those above."""


class Filling:
    """Fills slates by a ranker's choice model: how many of those above are opened is what it expects.

    Args:
        choice: How users choose.
        topic: Of every item of the catalogue, from 0, (items,).
        slate_size: Positions in a slate.
        joint: Whether items know those above them; else the best by themselves are shown, best first.
        burden: Of showing every item, (items,); None where it costs nothing.
    """

    def __init__(
        self,
        choice: Choice,
        topic: NDArray[np.int64],
        slate_size: int,
        joint: bool = True,
        burden: NDArray[np.float32] | None = None,
    ) -> None:
        self.choice, self.topic, self.slate_size, self.joint, self.burden = choice, topic, slate_size, joint, burden
        self._members = [np.flatnonzero(topic == each) for each in np.unique(topic)]

    def topics(self, observation: Observation, shape: tuple[int, ...]) -> NDArray[np.int64]:
        """Of what may be shown, (users, items), which is ``shape``."""
        return self._of_items(self.topic, observation, shape)

    def _of_items(self, values: NDArray[Any], observation: Observation, shape: tuple[int, ...]) -> NDArray[Any]:
        """What ``values`` (items,) hold for what may be shown, (users, items), which is ``shape``."""
        if OFFERED not in observation:
            return np.broadcast_to(values, shape)
        return values[items_of(observation, np.broadcast_to(np.arange(shape[1]), shape))]

    def slates(
        self, observation: Observation, appeal: Float, value: Float, price: Price, cost: Price | None = None
    ) -> NDArray[np.int64]:
        """Best first, (users, slate_size).

        Args:
            observation: Of the users; tells what is on offer, where not everything is.
            appeal: See ``View``.
            value: Of opening each item, without the price of its topic, (users, items).
            price: Of opening, by topics.
            cost: Of showing a burden of 1, by topics; none without burdens.
        """
        burden = None if self.burden is None else self._of_items(self.burden, observation, appeal.shape)
        offer = _Offer(appeal, value, self.topics(observation, appeal.shape), burden)
        nothing = np.zeros((len(appeal), int(self.topic.max()) + 1), np.float32)
        gains = self._gains(offer, price, cost, nothing, nothing)
        if not self.joint:
            return top_k(gains, self.slate_size)
        pool = self._pool(gains, OFFERED in observation)  # (users, candidates)
        return np.take_along_axis(pool, self._fill(offer.only(pool), price, cost, nothing), axis=1)

    def _gains(self, offer: _Offer, price: Price, cost: Price | None, taken: Float, shown: Float) -> Float:
        """Worth of a place, (users, items), with these expected openings and burdens above, (users, topics)."""
        gains = self.choice.gains(offer.appeal, offer.value - _of(price(taken), offer.topic))
        if offer.burden is None or cost is None:
            return gains
        costly: Float = gains - offer.burden * _of(cost(shown), offer.topic)
        return costly

    def _pool(self, gains: Float, own_offers: bool) -> NDArray[np.int64]:
        """Items among which slates are filled: the best of every topic, whose order prices hardly change."""
        if own_offers:
            return top_k(gains, min(max(POOL, self.slate_size), gains.shape[1]))
        best = [of[top_k(gains[:, of], min(self.slate_size, len(of)))] for of in self._members]
        return np.concatenate(best, axis=1)

    def _fill(self, offer: _Offer, price: Price, cost: Price | None, nothing: Float) -> NDArray[np.int64]:
        """Columns of the offer from the top down, (users, slate_size), ``nothing`` being above the first."""
        users = np.arange(len(offer.appeal))
        picks = np.empty((len(users), self.slate_size), np.int64)
        picked = np.full(picks.shape, -np.inf, np.float32)  # appeal of the picks so far: nobody opens an empty place
        used = np.zeros(offer.appeal.shape, np.bool_)
        taken, shown = nothing, nothing.copy()
        for place in range(self.slate_size):
            gains = self._gains(offer, price, cost, taken, shown)
            gains[used] = -np.inf
            picks[:, place] = pick = gains.argmax(axis=1)
            used[users, pick] = True
            picked[:, place] = offer.appeal[users, pick]
            taken = self._taken(picked, np.take_along_axis(offer.topic, picks[:, : place + 1], axis=1), taken.shape)
            if offer.burden is not None:
                shown[users, offer.topic[users, pick]] += offer.burden[users, pick]
        return picks

    def _taken(self, picked: Float, topic: NDArray[np.int64], shape: tuple[int, ...]) -> Float:
        """Expected openings of every topic, (users, topics), of picks (users, slate_size) with these topics."""
        taken = np.zeros(shape, np.float32)
        chances = self.choice.expected(picked)[:, : topic.shape[1]]
        np.add.at(taken, (np.arange(len(topic))[:, None], topic), chances)
        return taken


class _Offer(NamedTuple):
    """Items to choose from, (users, items) each."""

    appeal: Float
    value: Float  # of opening, without the price of the topic
    topic: NDArray[np.int64]
    burden: Float | None  # of showing

    def only(self, items: NDArray[np.int64]) -> _Offer:
        """Those at ``items``, (users, candidates)."""

        def of(values: NDArray[Any]) -> NDArray[Any]:
            return np.take_along_axis(values, items, axis=1)

        burden = None if self.burden is None else of(self.burden)
        return _Offer(of(self.appeal), of(self.value), of(self.topic), burden)


def _of(values: Float, topic: NDArray[np.int64]) -> Float:
    """What ``values`` (users, topics) hold for the topics of items, both (users, items)."""
    return np.take_along_axis(values, topic, axis=1)
