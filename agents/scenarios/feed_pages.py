"""Pages of a feed by the true state: what an opened item is worth now and later, item by item down the page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines.common import top_k
from driftrec.agents.oracles.told import Told, by_parts
from driftrec.agents.policy import Observation, Slates
from driftrec.simulators.feed.feed_state import FeedState
from driftrec.simulators.feed.feed_world import FeedWorld
from driftrec.simulators.offers import OFFERED
from driftrec.simulators.vectors import Float

MOST = np.float32(3.0)
"""Where the load over the bar is cut."""

POOL = 64
"""Items of the highest gain by themselves among which pages are filled, where users are not offered the same ones."""


class Insight(Enum):
    """How much of the truth a page is built from."""

    ALL = "all"
    USUAL_PACE = "thresholds as an average user's"
    PERSONA = "the persona alone, and what was opened before"


@dataclass(frozen=True)
class FeedWeights:
    """What an opened item is worth beyond its minutes, in minutes.

    Attributes:
        opening: For opening anything at all.
        quality: Per standard deviation of quality: a constant of the item, as the next.
        allure: Per standard deviation of allure.
        diversity: Lost for each item of the topic opened above on the page.
        bar: Lost per unit of load + items of the topic above + 1 - pace * threshold, clipped to 0 to 3.
        annoyance: Lost per such unit and part of satisfaction that boredom with the topic costs the user.
        pace: Part of the threshold at which the bar begins.
        worth: Per unit of (worth - satisfaction): what a lasting good impression brings later.
        growth: Per unit of (potential - taste)+ * worth: what a grown taste brings later.
        wear: Lost per unit of (wear after one more play - wear_pace * the user's limit)+, in limits, where items wear.
        wear_pace: Part of the limit at which that begins.
    """

    opening: float = 0.0
    quality: float = 0.0
    allure: float = 0.0
    diversity: float = 0.0
    bar: float = 0.0
    annoyance: float = 0.0
    pace: float = 0.75
    worth: float = 0.0
    growth: float = 0.0
    wear: float = 0.0
    wear_pace: float = 0.75


class FeedPages(Told):
    """Fills pages with the items of highest P(open) * (minutes + what ``weights`` say).

    Args:
        world: The world whose state ``see`` receives.
        weights: Trade-offs; none make it myopic.
        joint: Pick from the top down, each item knowing what those above it will take; else the best items by
            themselves, best first.
        known: What of the state is known.
    """

    def __init__(
        self, world: FeedWorld, weights: FeedWeights | None = None, joint: bool = True, known: Insight = Insight.ALL
    ) -> None:
        self.world, self.weights, self.joint, self.known = world, weights or FeedWeights(), joint, known
        topic = world.catalogue.topic
        self._own_offers = OFFERED in world.fields  # not the same items for all users
        self._of_topics = [np.flatnonzero(topic == t) for t in np.unique(topic)]
        self._constant = (
            np.float32(self.weights.opening)
            + np.float32(self.weights.quality) * world.catalogue.quality
            + np.float32(self.weights.allure) * world.catalogue.allure
        )  # (items,)

    def act(self, observation: Observation) -> Slates:
        """Slates, (users, slate_size)."""
        return by_parts(self._best, self.state, self.world.num_items)

    def _best(self, state: FeedState) -> Slates:
        state = as_known(self.world, state, self.known)
        view, weights, items = self.world.appraise(state), self.weights, self.world.on_offer(state)
        topic = self.world.catalogue.topic[items]  # (users or 1, items)
        satisfaction = state.satisfaction[:, None]
        room = by_topic(np.maximum(state.potential - state.taste, np.float32(0.0)), topic)
        value = view.minutes + self._constant[items]
        value += np.float32(weights.worth) * (view.worth - satisfaction)
        value += np.float32(weights.growth) * room * view.worth
        value -= np.float32(weights.wear) * np.maximum(view.worn - np.float32(weights.wear_pace), np.float32(0.0))
        excess = state.load + np.float32(1.0) - np.float32(weights.pace) * state.threshold  # (users, topics)
        price = np.float32(weights.bar) + np.float32(weights.annoyance) * state.annoy
        everything = _Offer(view.utility, satisfaction, value, by_topic(excess, topic), by_topic(price, topic), topic)
        gain, _ = self._gain(everything, np.float32(0.0), 0)
        pool = self._pool(gain)  # (users, candidates)
        gain = np.take_along_axis(gain, pool, axis=1)
        best = self._fill(everything.only(pool)) if self.joint else _best_columns(gain, self.world.slate_size)
        return np.take_along_axis(pool, best, axis=1)

    def _pool(self, gain: Float) -> NDArray[np.int64]:
        """Columns of items among which a page is filled, (users, candidates)."""
        if self._own_offers:
            return _best_columns(gain, max(POOL, self.world.slate_size))
        size = self.world.slate_size
        return np.hstack([of[_best_columns(gain[:, of], size)] for of in self._of_topics])

    def _gain(self, offer: _Offer, taken: Float | np.float32, position: int) -> tuple[Float, Float]:
        """Worth of showing items at a position, with ``taken`` of their topic opened above, and P(open)."""
        weights = self.weights
        appeal = self.world.config.appeal
        utility = offer.utility - np.float32(appeal.takeaway) * taken if position else offer.utility
        chance = appeal.chance(utility, offer.satisfaction, position)
        bar = np.clip(offer.excess + taken, np.float32(0.0), MOST)
        return chance * (offer.value - offer.price * bar - np.float32(weights.diversity) * taken), chance

    def _fill(self, offer: _Offer) -> NDArray[np.int64]:
        """Columns of the offer from the top of the page down, (users, slate_size)."""
        users = np.arange(len(offer.utility))
        topic = offer.topic
        taken = np.zeros(offer.utility.shape, np.float32)
        used = np.zeros(offer.utility.shape, np.bool_)
        picks = np.empty((len(users), self.world.slate_size), np.int64)
        for position in range(self.world.slate_size):
            gain, chance = self._gain(offer, taken, position)
            gain[used] = -np.inf
            picks[:, position] = pick = gain.argmax(axis=1)
            used[users, pick] = True
            taken += (topic == topic[users, pick][:, None]) * chance[users, pick][:, None]
        return picks


@dataclass(frozen=True)
class _Offer:
    """Items to choose from, (users, items) each.

    Attributes:
        utility: Log-odds of opening, but for satisfaction.
        satisfaction: Of the users, (users, 1).
        value: Minutes if opened, and what the weights say.
        excess: Load over the bar.
        price: Of a unit of it.
        topic: Of the items.
    """

    utility: Float
    satisfaction: Float
    value: Float
    excess: Float
    price: Float
    topic: NDArray[np.int64]

    def only(self, items: NDArray[np.int64]) -> _Offer:
        """Those at ``items``, (users, candidates)."""
        utility, value, excess, price = (
            np.take_along_axis(part, items, axis=1) for part in (self.utility, self.value, self.excess, self.price)
        )
        topic = np.take_along_axis(np.broadcast_to(self.topic, self.utility.shape), items, axis=1)
        return _Offer(utility, self.satisfaction, value, excess, price, topic)


def as_known(world: FeedWorld, state: FeedState, known: Insight) -> FeedState:
    """The state as somebody sees it who knows no more than ``known``."""
    views = {Insight.USUAL_PACE: world.at_usual_pace, Insight.PERSONA: world.by_persona}
    return views[known](state) if known in views else state


def by_topic(values: Float, topic: NDArray[np.int64]) -> Float:
    """What ``values`` (users, topics) hold for the topics of items, (users, items); ``topic`` (1 or users, items)."""
    return values.take(topic[0], axis=1) if len(topic) == 1 else np.take_along_axis(values, topic, axis=1)


def _best_columns(gain: Float, count: int) -> NDArray[np.int64]:
    """Columns of the ``count`` highest of every row, or of all there are, best first, (users, count)."""
    return top_k(gain, min(count, gain.shape[1]))
