"""Pages filled from the top by a ranker's values, less prices of what a topic has had: here and of late."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from driftrec.agents.baselines.common import top_k
from driftrec.agents.policy import Observation, Slates, user_chunks
from driftrec.agents.ranker.items import READ
from driftrec.agents.ranker.judge import Judge, View
from driftrec.agents.rivals.loads import Loads
from driftrec.simulators.offers import OFFERED, items_of
from driftrec.simulators.vectors import Float

MOST = np.float32(3.0)
"""Openings at which the load over the bar is cut: nobody is more than bored."""

PRICE = 0.5
"""Of an expected opening of the topic above, for ``MyopicJoint``, unless another is given."""

POOL = 64
"""Items of the highest gain among which pages are filled where users are not offered the same ones."""


@dataclass(frozen=True)
class PageWeights:
    """What an opening is worth beyond its engagement, in the world's unit.

    Attributes:
        future: Weight of the engagement to come that the ranker tells of an item.
        opening: For opening anything at all.
        diversity: Lost per expected opening of the item's topic above on the page.
        price: Lost per opening by which load and expected openings above exceed ``bar``, at most ``MOST`` of them.
        bar: Openings of a topic that are not too much.
        half_life: See ``Loads``; not read where the world counts.
    """

    future: float = 0.0
    opening: float = 0.0
    diversity: float = 0.0
    price: float = 0.0
    bar: float = 0.0
    half_life: float = 1.0


class TopicPages:
    """Fills slates from the top, each pick the item that gains most given what those above it are expected to take.

    The gain is the ranker's worth of a place, see ``Choice.gains``, with the value of opening item i of topic t

        v_i = engagement_i + opening + future * later_i - diversity * n_t - price * min((load_t + n_t - bar)+, MOST)

    where n_t is the number of openings of t expected above on the page, by the ranker's choice model, and load_t what
    the observation tells of openings of late. Items read lately and those withheld come last, as of ``Greedy``.

    Args:
        judge: A fitted ranker made ready to serve, farsighted.
        loads: What is known of topics.
        slate_size: Positions in a slate.
        weights: The prices.
    """

    def __init__(self, judge: Judge, loads: Loads, slate_size: int, weights: PageWeights) -> None:
        self.judge, self.loads, self.slate_size, self.weights = judge, loads, slate_size, weights
        self._members = [np.flatnonzero(loads.topic == topic) for topic in np.unique(loads.topic)]

    def reset(self, num_users: int, seed: int) -> None:
        """Nothing to forget and nothing random."""

    def act(self, observation: Observation) -> Slates:
        """Slates, best first, (users, slate_size)."""
        chunks = user_chunks(observation, self.judge.items.count(observation))
        return np.concatenate([self._act(chunk) for chunk in chunks])

    def _act(self, observation: Observation) -> Slates:
        view, excess = self.judge.view(observation), self._excess(observation)
        value, topic = self._value(view), self._topics(observation, view)
        standing = self._price(excess, np.zeros_like(excess))
        gains = self.judge.ranker.choice.gains(view.appeal, value - _of(standing, topic))
        pool = self._pool(gains, OFFERED in observation)  # (users, candidates)
        appeal, value, topic = (np.take_along_axis(each, pool, axis=1) for each in (view.appeal, value, topic))
        return np.take_along_axis(pool, self._fill(appeal, value, topic, excess), axis=1)

    def _excess(self, observation: Observation) -> Float:
        """Load less the bar, (users, topics)."""
        return self.loads(observation, self.weights.half_life) - np.float32(self.weights.bar)

    def _value(self, view: View) -> Float:
        """Of opening each item first on the page by a rested user, (users, items)."""
        later = view.value - view.engagement
        value = view.engagement + np.float32(self.weights.opening) + np.float32(self.weights.future) * later
        return np.where(view.value <= READ, view.value, value)

    def _topics(self, observation: Observation, view: View) -> NDArray[np.int64]:
        """Of what may be shown, (users, items)."""
        shape = view.appeal.shape
        if OFFERED not in observation:
            return np.broadcast_to(self.loads.topic, shape)
        return self.loads.topic[items_of(observation, np.broadcast_to(np.arange(shape[1]), shape))]

    def _price(self, excess: Float, taken: Float) -> Float:
        """Of one more opening of each topic after ``taken`` of it, all (users, topics)."""
        over = np.clip(excess + taken, np.float32(0.0), MOST)
        return np.float32(self.weights.price) * over + np.float32(self.weights.diversity) * taken

    def _pool(self, gains: Float, own_offers: bool) -> NDArray[np.int64]:
        """Items among which pages are filled: the best of every topic, whose order prices hardly change."""
        if own_offers:
            return top_k(gains, min(max(POOL, self.slate_size), gains.shape[1]))
        best = [of[top_k(gains[:, of], min(self.slate_size, len(of)))] for of in self._members]
        return np.concatenate(best, axis=1)

    def _fill(self, appeal: Float, value: Float, topic: NDArray[np.int64], excess: Float) -> NDArray[np.int64]:
        """Columns of the pool from the top down, (users, slate_size); arguments (users, pool), (users, topics)."""
        users, choice = np.arange(len(appeal)), self.judge.ranker.choice
        picks = np.empty((len(users), self.slate_size), np.int64)
        picked = torch.full(picks.shape, -torch.inf)  # appeal of the picks so far: nobody opens an empty place
        taken, used = np.zeros_like(excess), np.zeros(appeal.shape, np.bool_)
        for place in range(self.slate_size):
            gains = choice.gains(appeal, value - _of(self._price(excess, taken), topic))
            gains[used] = -np.inf
            picks[:, place] = pick = gains.argmax(axis=1)
            used[users, pick] = True
            picked[:, place] = torch.from_numpy(appeal[users, pick])
            taken = self._taken(picked, np.take_along_axis(topic, picks[:, : place + 1], axis=1), excess.shape)
        return picks

    def _taken(self, picked: torch.Tensor, topic: NDArray[np.int64], shape: tuple[int, ...]) -> Float:
        """Expected openings of every topic, (users, topics), of picks (users, slate_size) with these topics."""
        taken = np.zeros(shape, np.float32)
        with torch.inference_mode():
            chances = self.judge.ranker.choice.chances(picked).numpy()[:, : topic.shape[1]]
        np.add.at(taken, (np.arange(len(topic))[:, None], topic), chances)
        return taken


def _of(values: Float, topic: NDArray[np.int64]) -> Float:
    """What ``values`` (users, topics) hold for the topics of items, both (users, items)."""
    return np.take_along_axis(values, topic, axis=1)


class MyopicJoint(TopicPages):
    """Most engagement in the next step, each item knowing what those above it will take: no long-term values.

    Args:
        judge: See ``TopicPages``.
        loads: What is known of topics.
        slate_size: Positions in a slate.
        price: Lost per expected opening of the item's topic above on the page, in the world's unit, >= 0.

    Raises:
        ValueError: If the price is negative or not finite.
    """

    def __init__(self, judge: Judge, loads: Loads, slate_size: int, price: float = PRICE) -> None:
        if not 0.0 <= price < np.inf:
            raise ValueError(f"price is {price}; it must be 0 or more, and finite. 0 shows the ranker's best slates.")
        super().__init__(judge, loads, slate_size, PageWeights(diversity=price))
