"""The transition of the shop: one visit, and the days to the next one, for many customers at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import noise, warm
from driftrec.simulators.catalogue import Personas
from driftrec.simulators.history import EMPTY, History
from driftrec.simulators.past import MAX_HOURS
from driftrec.simulators.shop.browsing import of_one_category
from driftrec.simulators.shop.config import ShopConfig
from driftrec.simulators.shop.customers import Flags, Page, ShopFeedback, ShopState
from driftrec.simulators.shop.goods import Goods
from driftrec.simulators.shop.minds import SETTLED, Minds
from driftrec.simulators.slates import first_above, first_places, slate_affinity
from driftrec.simulators.vectors import Float, normalise

MAX_DAYS = MAX_HOURS
"""Where clocks stop, so that observations stay in their space."""

_PERSON = 0  # stream of what a user is, beside that of the life
_HALF = np.float32(2.0**-25)  # half the resolution of the draws


class Visiting:
    """How customers begin and what a visit does to them; arguments as of ``ShopWorld``, checked.

    Attributes:
        centres: Directions of the categories, (categories, dims).
        offer: Whether a thing is for sale, bool, (items,).
        gain: Reward of buying it, (items,).
        appeal: What it has by itself for being looked at, log-odds, (items,).
        pull: The same for being bought, (items,).
        worth: How worthwhile it is, in [0, 1], (items,).
    """

    def __init__(self, goods: Goods, personas: Personas, slate_size: int, history: int, config: ShopConfig) -> None:
        self.catalogue, self.personas, self.config = goods, personas, config
        self.slate_size, self.history_length = slate_size, history
        self.num_items, self.dims = goods.latent.shape
        self.num_categories = goods.num_topics
        self.centres = goods.topic_directions().astype(np.float32)  # (categories, dims)
        self.offer = goods.price > 0  # (items,)
        self.gain = goods.price if config.counts == "money" else self.offer.astype(np.float32)
        self.appeal = config.browsing.of_items(goods.allure)
        self.pull = config.purchase.of_items(goods.price, goods.quality, goods.allure)
        self.worth = config.contentment.worth(goods.quality, goods.allure)
        self._width = slate_size + 3

    def reset(self, seeds: NDArray[np.uint64]) -> ShopState:
        """New users, one a seed: persona, own taste, needs and thresholds, satisfaction and habit."""
        config, n, c = self.config, len(seeds), self.num_categories
        seeds = np.asarray(seeds, np.uint64)
        person = noise.stream_keys(noise.child_seeds(seeds, np.full(n, _PERSON)))
        words = noise.block(person, np.zeros(n, np.int64), 2 + 3 * c + -(-self.dims // 4))
        chance, rest = noise.uniform(words[: 2 + c]), words[2:]
        persona = (chance[0] * self.personas.num_personas).astype(np.int32)
        taste = self.personas.interest[persona]
        taste += config.individuality * noise.steps_of_walk(rest[3 * c :], self.dims)
        normalise(taste)
        rate = config.needs.rates(noise.normal(rest[c : 2 * c]), chance[2:])
        clock = np.zeros((4, n), np.float32).T
        clock[:, 1] = 1.0
        return ShopState(
            keys=noise.stream_keys(seeds),
            step=np.zeros(n, np.int64),
            persona=persona,
            taste=taste,
            liking=self._liking(taste).T,
            rate=rate.T,
            threshold=config.wear.thresholds(noise.normal(rest[2 * c : 3 * c])).T,
            need=config.needs.start(rate, noise.uniform_low(rest[:c])).T,
            call=self._nothing(n),
            consideration=self._nothing(n),
            wear=self._nothing(n),
            muted=np.zeros((c, n), np.bool_).T,
            views=self._nothing(n),
            bought=np.full((c, n), -np.inf, np.float32).T,
            satisfaction=config.contentment.start(chance[1]),
            often=config.visits.habit(noise.uniform_low(words[0])),
            clock=clock,
            gone=np.zeros(n, np.bool_),
            minds=Minds(n, config.memory),
            history=History(n, self.history_length, self.slate_size),
        )

    def step(self, state: ShopState, slates: NDArray[np.int64]) -> ShopFeedback:
        """Show one page a user. A repeat within a page is an empty position; users who are gone see nothing."""
        state.step += 1
        words = noise.block(state.keys, state.step, self._width)
        page = self._page(state, slates)
        viewed, bought, pull = self._browse(state, page, words[: self.slate_size])
        engagement = warm.take(self.gain, page.items)
        engagement *= bought
        self._learn(state, page, viewed, bought)
        now, items = state.clock[:, 0], np.where(page.shown, page.items, EMPTY)
        state.minds.add(viewed, page.items, page.category, np.where(bought, SETTLED, pull), engagement, now)
        state.history.add(items.T, viewed.T, engagement.T, now)
        days, left = self._away(state, words[self.slate_size :])
        later = self._think_again(state, days, words[self.slate_size])
        self._pass_time(state, days, later)
        ended = ~state.gone
        state.gone |= left
        return ShopFeedback(viewed.T, engagement.T, ended, days * np.float32(24), left, later)

    def urge(self, state: ShopState) -> Float:
        """How much every user wants something of every category now, 0 to 1, (users, categories)."""
        return self.config.complements.urge(state.need.T, state.call.T).T

    def _liking(self, taste: Float) -> Float:
        """Cosine of every user's taste with every category, (categories, users); not BLAS."""
        return np.einsum("cd,ud->cu", self.centres, taste)

    def _nothing(self, users: int) -> Float:
        return np.zeros((self.num_categories, users), np.float32).T

    def _page(self, state: ShopState, slates: NDArray[np.int64]) -> Page:
        """What ``slates`` (users, slate_size) show."""
        items = warm.copy(slates.T)  # (slate_size, users): numpy's inner loops run over users
        category = warm.take(self.catalogue.topic, items)
        return Page(
            items=items,
            shown=first_places(items) & ~state.gone,
            category=category,
            places=category * np.int64(len(slates)) + np.arange(len(slates)),
            offer=self.offer.take(items),
            fit=slate_affinity(self.catalogue.latent, items, state.taste),
            same=of_one_category(category),
        )

    def _browse(self, state: ShopState, page: Page, words: NDArray[np.uint64]) -> tuple[Flags, Flags, Float]:
        """What is looked at, what is bought at once, and the pull of every offer, all (slate_size, users)."""
        browsing, purchase = self.config.browsing, self.config.purchase
        urge = self.urge(state).T
        logits = _logistic(noise.uniform(words))
        logits += warm.take(self.appeal, page.items)
        logits += warm.scaled(page.fit, browsing.fit)
        logits += _at(browsing.of_categories(state.liking.T, urge, state.muted.T), page.places)
        logits += np.float32(browsing.trust) * (state.satisfaction - np.float32(0.5))
        logits[~page.shown] = -np.inf
        viewed = browsing.viewed(logits, page.same)
        pull = warm.scaled(page.fit, purchase.fit)
        pull += warm.take(self.pull, page.items)
        odds = _logistic(noise.uniform_low(words))
        odds += pull
        odds += _at(purchase.of_categories(urge, state.consideration.T), page.places)
        odds += np.float32(purchase.trust) * (state.satisfaction - np.float32(0.5))
        return viewed, purchase.bought(odds, viewed, page.same), pull

    def _learn(self, state: ShopState, page: Page, viewed: Flags, bought: Flags) -> None:
        """What a page does to its users: consideration, wear, needs, satisfaction."""
        config = self.config
        seen = self._count(page, viewed)
        config.wear.add(state.wear.T, *self._count(page, page.shown))
        state.views.T[...] += seen[0] + seen[1]
        config.consideration.grow(state.consideration.T, *seen)
        worth = warm.take(self.worth, page.items)
        state.satisfaction = config.contentment.after_page(
            state.satisfaction, worth, page.offer, page.shown, viewed, bought
        )
        state.satisfaction *= config.wear.mute(state.wear.T, state.threshold.T, state.muted.T)
        for category, buys in zip(page.category, bought, strict=True):
            users = np.flatnonzero(buys)
            self._buy(state, users, category[users], state.clock[users, 0])

    def _count(self, page: Page, which: Flags) -> NDArray[np.int64]:
        """How many of the positions ``which`` (slate_size, users) hold offers of every category, how many editorials.

        Returns:
            Shape (2, categories, users).
        """
        cells = 2, self.num_categories, which.shape[1]
        places = page.places[which] + ~page.offer[which] * np.int64(cells[1] * cells[2])
        return np.bincount(places, minlength=cells[0] * cells[1] * cells[2]).reshape(cells)

    def _buy(self, state: ShopState, users: NDArray[np.int64], category: NDArray[np.int64], day: Float) -> None:
        """What buying something of a ``category`` here on a ``day`` does to ``users``, all (buyers,)."""
        self._own(state, users, category)
        state.call[users, (category + 1) % self.num_categories] = 1.0
        state.bought[users, category] = day

    def _own(self, state: ShopState, users: NDArray[np.int64], category: NDArray[np.int64]) -> None:
        """What having bought something of a ``category``, here or elsewhere, does to ``users``, both (buyers,)."""
        state.need[users, category] = np.float32(-self.config.needs.durable)
        state.consideration[users, category] = 0.0

    def _away(self, state: ShopState, words: NDArray[np.uint64]) -> tuple[Float, Flags]:
        """Days to the next visit, 0 of those who are gone, and whether it never comes; both (users,)."""
        visits = self.config.visits
        change = (noise.uniform(words[2]) < visits.switch) & ~state.gone
        state.often = np.where(change, visits.habit(noise.uniform_low(words[2])), state.often)
        days = visits.days(state.satisfaction, state.often, noise.exponential(words[1])) * ~state.gone
        return days, noise.uniform_low(words[1]) < visits.lost(days, state.satisfaction)

    def _think_again(self, state: ShopState, days: Float, words: NDArray[np.uint64]) -> Float:
        """Let users buy one thing at most within ``days``, here or elsewhere; returns the reward, (users,)."""
        minds = state.minds
        rates = self.hazards(state)  # (slots + categories, users)
        for k in range(1, len(rates)):  # row by row: one order of sums at any batch size
            rates[k] += rates[k - 1]
        happens = noise.exponential(words) < rates[-1] * days
        which = first_above(rates, noise.uniform_low(words) * rates[-1])
        reward = np.zeros(len(days), np.float32)
        users = np.flatnonzero(happens & (which >= 0))
        here, slots = which[users] < self.config.memory, which[users]
        buyers, slots, away = users[here], slots[here], users[~here]
        items = minds.items[buyers, slots]
        category = self.catalogue.topic[items]
        reward[buyers] = self.gain[items]
        state.satisfaction[buyers] = self.config.contentment.after_purchase(
            state.satisfaction[buyers], self.worth[items]
        )
        minds.buy(buyers, slots, reward[buyers])
        self._buy(state, buyers, category, state.clock[buyers, 0] + days[buyers])
        self._own(state, away, which[away] - self.config.memory)
        return reward

    def hazards(self, state: ShopState) -> Float:
        """Purchases a day of what is on the mind and, elsewhere, of every category, (slots + categories, users)."""
        config, minds, slots = self.config, state.minds, self.config.memory
        urge = self.urge(state).T
        adds = config.purchase.of_categories(urge, state.consideration.T)
        adds += np.float32(config.purchase.trust) * (state.satisfaction - np.float32(0.5))
        rates = warm.empty((slots + len(urge), urge.shape[1]), np.float32)
        places = minds.category.T * np.int64(adds.shape[1])
        places += np.arange(adds.shape[1])
        config.later.here(_at(adds, places), minds.pull.T, out=rates[:slots])
        config.later.away(urge, out=rates[slots:])
        return rates

    def _pass_time(self, state: ShopState, days: Float, later: Float) -> None:
        """Let ``days`` pass, 0 of those who are gone; ``later`` is what was bought in them, in reward."""
        config, clock = self.config, state.clock
        config.needs.grow(state.need.T, state.rate.T, days)
        state.consideration.T[...] *= _fade(days, config.consideration.half_life)
        state.call.T[...] *= _fade(days, config.complements.half_life)
        worn = _fade(days, config.wear.half_life)
        state.wear.T[...] *= worn
        state.views.T[...] *= worn
        config.wear.rest(state.wear.T, state.threshold.T, state.muted.T)
        clock[:, 0] += days
        clock[:, 1] += ~state.gone
        clock[:, 2:][~state.gone] = np.stack([days, later], axis=1)[~state.gone]
        np.minimum(clock, np.float32(MAX_DAYS), out=clock)


def _at(values: Float, places: NDArray[np.int64]) -> Float:
    """What ``values`` (categories, users) hold at ``places`` laid out flat, shape of ``places``."""
    return warm.take(values.reshape(-1), places)


def _logistic(draws: Float) -> Float:
    """Logistic draws of uniform ones, in place: added to log-odds y they are above 0 with chance f(y)."""
    np.maximum(draws, _HALF, out=draws)
    rest = np.subtract(np.float32(1), draws, out=warm.like(draws))
    rest /= draws
    return np.log(rest, out=rest)


def _fade(days: Float, half_life: float) -> Float:
    """Factor of what halves in ``half_life`` days, after ``days``, (users,)."""
    return np.exp(np.float32(-np.log(2) / half_life) * days)
