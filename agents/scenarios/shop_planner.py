"""Shop: one family of full-information policies, from the myopic oracle to a planner for the long term."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.oracles.told import Told
from driftrec.agents.policy import Observation, Slates
from driftrec.agents.scenarios.shop_sight import Knows, ShopSight, sight_of
from driftrec.simulators.shop.customers import ShopState
from driftrec.simulators.shop.world import ShopWorld, logistic
from driftrec.simulators.vectors import Float

Picks = Literal["joint", "top-k"]
"""Each pick knows those above it, or the best six are shown as they stand."""


@dataclass(frozen=True)
class ShopWeights:
    """What a thing on the page is worth beyond what it sells at once, in euros.

    The first seven are numbers of the thing alone: an index. All but ``shown`` count if it is looked at.

    Attributes:
        offer: Of every offer.
        offer_quality: Per standard deviation of an offer's quality.
        offer_allure: The same of its pull.
        dear: Per unit of the logarithm of its price over 10.
        editorial: Of every editorial.
        editorial_quality: Per unit of its worth, in [0, 1].
        shown: Of showing an offer, looked at or not.
        later: Factor on what it sells a day, if it is not bought at once.
        diversity: Lost for every thing of the category above it.
        pace: Lost for wear above the bar of a category, ``bar`` times its threshold.
        bar: Part of the threshold.
        consider: Per unit of consideration won, where there is a need.
        consider_soon: The same, times the need that there will be in ``LEAD`` days.
        content: Per unit of satisfaction won.
        hold: Lost with a sale at once, in euros, times what consideration lacks of being complete.
    """

    offer: float = 0.0
    offer_quality: float = 0.0
    offer_allure: float = 0.0
    dear: float = 0.0
    editorial: float = 0.0
    editorial_quality: float = 0.0
    shown: float = 0.0
    later: float = 0.0
    diversity: float = 0.0
    pace: float = 0.0
    bar: float = 0.75
    consider: float = 0.0
    consider_soon: float = 0.0
    content: float = 0.0
    hold: float = 0.0


_OFFERS, _EDITORIALS = 4, 3
"""Candidates of each category: more of one category are hardly ever worth a place."""


class ShopPlanner(Told):
    """Fills a page from the top with the thing of highest gain.

        gain = P(view | picks above) (sale + worth if looked at) - cost of showing

    Args:
        world: The world whose state ``see`` receives.
        weights: What things are worth; none make it the myopic oracle.
        knows: What of the truth it is told.
        picks: Whether picks know those above them.
    """

    def __init__(self, world: ShopWorld, weights: ShopWeights, knows: Knows = "all", picks: Picks = "joint") -> None:
        self.world, self.weights, self.knows, self.picks = world, weights, knows, picks
        goods = world.catalogue
        self._by_category = [
            (np.flatnonzero(chosen & (goods.topic == c)), most)
            for chosen, most in ((world.offer, _OFFERS), (~world.offer, _EDITORIALS))
            for c in range(world.num_categories)
        ]
        w, offer = weights, world.offer
        dear = np.log(np.maximum(goods.price, 1) / 10)
        of_offers = w.offer + w.offer_quality * goods.quality + w.offer_allure * goods.allure + w.dear * dear
        self._index = np.where(offer, of_offers, w.editorial + w.editorial_quality * world.worth).astype(np.float32)
        self._wears = np.where(offer, 1.0, world.config.wear.editorial).astype(np.float32)
        self._gain = np.where(offer, world.config.consideration.offer, world.config.consideration.editorial)

    def act(self, observation: Observation) -> Slates:
        """Pages of highest worth, (users, slate_size); users who are gone get any."""
        state: ShopState = self.state
        present = np.flatnonzero(~state.gone)
        slates = np.tile(np.arange(self.world.slate_size), (len(state.gone), 1))
        if present.size:
            slates[present] = self._pages(sight_of(self.world, state, present, self.knows))
        return slates

    def _pages(self, sight: ShopSight) -> Slates:
        view, value, cost = self._worth(sight)
        items = self._candidates(logistic(view.copy()) * value - cost)  # (users, candidates)
        view, value = (np.take_along_axis(each, items, axis=1) for each in (view, value))
        if self.picks == "top-k":
            best = np.argsort(-self._gains(sight, items, view, value, None, 0), axis=1)[:, : self.world.slate_size]
        else:
            best = self._jointly(sight, items, view, value)
        return np.take_along_axis(items, best, axis=1)

    def _worth(self, sight: ShopSight) -> tuple[Float, Float, Float]:
        """Log-odds of a view, what follows a view in euros, and the cost of the pace, all (users, items)."""
        world, w = self.world, self.weights
        config, topic = world.config, world.catalogue.topic
        view, odds = sight.view, sight.buy
        later = np.float32(w.later * config.later.delay) * logistic(odds - np.float32(config.later.hesitation))
        buy = logistic(odds)
        lacks = (1 - sight.consideration)[:, topic]
        value = buy * (world.gain - np.float32(w.hold) * lacks) + (1 - buy) * later * world.gain
        wanted = (sight.wanted * (w.consider + w.consider_soon * sight.soon)).astype(np.float32)
        value += wanted[:, topic] * lacks * self._gain.astype(np.float32)
        won = np.where(world.offer, config.contentment.bought * buy, np.float32(config.contentment.editorial))
        aim = np.where(world.offer, world.worth, np.minimum(1.3 * world.worth, 1))
        value += np.float32(w.content) * won * (aim - sight.satisfaction[:, None])
        value += self._index
        over = np.clip((sight.wear - w.bar * sight.threshold)[:, topic] + self._wears, 0, 3)  # (users, items)
        cost = w.pace * over * self._wears - w.shown * world.offer
        return view, value.astype(np.float32), cost.astype(np.float32)

    def _candidates(self, gains: Float) -> NDArray[np.int64]:
        """The best of every category, offers and editorials, (users, candidates)."""
        found = []
        for items, most in self._by_category:
            if len(items) > most:
                best = np.argpartition(-gains[:, items], most - 1, axis=1)[:, :most]
                found.append(items[best])
            elif len(items):
                found.append(np.tile(items, (len(gains), 1)))
        return np.hstack(found)

    def _gains(
        self,
        sight: ShopSight,
        items: NDArray[np.int64],
        view: Float,
        value: Float,
        above: tuple[Float, Float] | None,
        k: int,
    ) -> Float:
        """What candidates are worth at position ``k``; ``above``: views and offers of their category expected there."""
        browsing, w = self.world.config.browsing, self.weights
        topic, offer = self.world.catalogue.topic[items], self.world.offer[items]
        seen, shown = (np.take_along_axis(each, topic, axis=1) for each in above) if above else (0.0, 0.0)
        chance = logistic((view - browsing.takeaway * seen - browsing.position * k).astype(np.float32))
        wears = self._wears[items]
        load = np.take_along_axis(sight.wear - w.bar * sight.threshold, topic, axis=1) + shown + wears
        cost = w.pace * np.clip(load, 0, 3) * wears - w.shown * offer + w.diversity * shown
        return (chance * value - cost).astype(np.float32)

    def _jointly(self, sight: ShopSight, items: NDArray[np.int64], view: Float, value: Float) -> NDArray[np.int64]:
        """Columns of ``items`` by position, (users, slate_size)."""
        users, browsing = np.arange(len(items)), self.world.config.browsing
        shape = len(items), self.world.num_categories
        seen, shown = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        taken = np.zeros(items.shape, np.bool_)
        picks = np.empty((len(items), self.world.slate_size), np.int64)
        for k in range(self.world.slate_size):
            gains = self._gains(sight, items, view, value, (seen, shown), k)
            gains[taken] = -np.inf
            picks[:, k] = pick = gains.argmax(axis=1)
            taken[users, pick] = True
            item = items[users, pick]
            topic = self.world.catalogue.topic[item]
            logit = view[users, pick] - browsing.takeaway * seen[users, topic] - browsing.position * k
            seen[users, topic] += logistic(logit.astype(np.float32))
            shown[users, topic] += self._wears[item]
        return picks
