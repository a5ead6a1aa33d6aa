"""Pages filled from the top by a ranker's values, less prices of what a topic has had: here and of late."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftrec.agents.policy import Observation, Slates, user_chunks
from driftrec.agents.ranker.items import READ
from driftrec.agents.ranker.judge import Judge, View
from driftrec.agents.ranker.recall import Recall
from driftrec.agents.rivals.filling import Filling
from driftrec.agents.rivals.loads import Loads
from driftrec.simulators.vectors import Float

MOST = np.float32(3.0)
"""Openings at which the load over the bar is cut: nobody is more than bored."""

PRICE = 0.5
"""Of an expected opening of the topic above, for ``MyopicJoint``, unless another is given."""


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
        self.judge, self.loads, self.weights = judge, loads, weights
        self._filling = Filling(judge.ranker.choice, loads.topic, slate_size)
        self._recall = Recall(judge.items, slate_size)

    def reset(self, num_users: int, seed: int) -> None:
        """Forget all users; nothing is random."""
        self._recall.forget()

    def act(self, observation: Observation) -> Slates:
        """Slates, best first, (users, slate_size)."""
        chunks = user_chunks(self._recall(observation), self.judge.items.count(observation))
        return np.concatenate([self._act(chunk) for chunk in chunks])

    def _act(self, observation: Observation) -> Slates:
        view, weights = self.judge.view(observation), self.weights
        excess = self.loads(observation, weights.half_life) - np.float32(weights.bar)  # (users, topics)

        def price(taken: Float) -> Float:
            over = np.clip(excess + taken, np.float32(0.0), MOST)
            return np.float32(weights.price) * over + np.float32(weights.diversity) * taken

        return self._filling.slates(observation, view.appeal, self._value(view), price)

    def _value(self, view: View) -> Float:
        """Of opening each item first on the page by a rested user, (users, items)."""
        later = view.value - view.engagement
        value = view.engagement + np.float32(self.weights.opening) + np.float32(self.weights.future) * later
        return np.where(view.value <= READ, view.value, value)


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
