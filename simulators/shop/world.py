"""Shop: customers whose needs ripen and recur, who consider, buy now or later, tire of being shown the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import noise, warm
from driftrec.simulators.catalogue import Personas
from driftrec.simulators.history import EMPTY, History
from driftrec.simulators.past import MAX_HOURS
from driftrec.simulators.shop.browsing import of_one_category
from driftrec.simulators.shop.config import UNITS, ShopConfig
from driftrec.simulators.shop.goods import Goods
from driftrec.simulators.shop.minds import SETTLED, Minds
from driftrec.simulators.sizes import size
from driftrec.simulators.slates import first_above, first_places, slate_affinity
from driftrec.simulators.vectors import Float, normalise
from driftrec.simulators.world import Feedback, Field

MAX_DAYS = MAX_HOURS
"""Where clocks stop, so that observations stay in their space."""

LONG_AGO = np.float32(1000.0)
"""Days since the last purchase in a category where there was none, and at most."""

Flags = NDArray[np.bool_]

_PERSON = 0  # stream of what a user is, beside that of the life
_HALF = np.float32(2.0**-25)  # half the resolution of the draws


@dataclass
class ShopState:
    """All there is to know about a batch of users; leading axis users.

    Arrays (users, categories) lie category by category in memory, so that a step runs over users.
    """

    keys: NDArray[np.uint64]  # (users,)
    step: NDArray[np.int64]  # (users,)
    persona: NDArray[np.int32]  # (users,)
    taste: Float  # (users, dims) unit vectors
    liking: Float  # (users, categories) cosine of taste and category
    rate: Float  # (users, categories) of the need, a day
    threshold: Float  # (users, categories) of wear, in offers
    need: Float  # (users, categories)
    call: Float  # (users, categories) of complements
    consideration: Float  # (users, categories)
    wear: Float  # (users, categories) things shown, fading
    muted: Flags  # (users, categories)
    views: Float  # (users, categories) things looked at, fading as wear does
    bought: Float  # (users, categories) day of the last purchase here, -inf before the first
    satisfaction: Float  # (users,)
    often: Flags  # (users,) habit
    clock: Float  # (users, 4) days, visits, days since the last one, reward in between
    gone: Flags  # (users,)
    minds: Minds
    history: History


@dataclass(frozen=True)
class ShopFeedback(Feedback):
    """A step's feedback, with what was bought after the visit.

    Attributes:
        later: Reward of purchases between this visit and the next, of things looked at before, float32, (users,).
    """

    later: Float

    def reward(self) -> Float:
        """That of the page and that of later purchases, (users,); raises as of ``Feedback``."""
        return super().reward() + self.later

    def as_info(self) -> dict[str, NDArray[Any]]:
        """As of ``Feedback``; what was bought later is in the observation that follows, under "clock"."""
        told = super().as_info()
        del told["later"]
        return told


@dataclass(frozen=True)
class Page:
    """What is shown, all (slate_size, users).

    Attributes:
        items: The things.
        shown: Whether there is one: no repeat, and a user to see it.
        category: Of the things.
        places: Of the categories in arrays (categories, users), laid out flat.
        offer: Whether they are for sale.
        fit: Cosine with the user's taste.
        same: Whether two positions are of one category, (slate_size, slate_size, users).
    """

    items: NDArray[np.int64]
    shown: Flags
    category: NDArray[np.int64]
    places: NDArray[np.int64]
    offer: Flags
    fit: Float
    same: Flags


class ShopWorld:
    """A shop's customers as a batched world (see ``driftrec.simulators.world.World``); a step is a visit.

    What a purchase calls for is in the category that follows, the last category's in the first.

    Args:
        goods: The things, offers and editorials.
        personas: The audience.
        slate_size: Positions in a page, 1 to the number of items.
        history: Impressions that the recommender sees, >= 1.
        config: The mechanisms; the defaults when omitted.

    Raises:
        TypeError: If a size is not whole.
        ValueError: If the catalogue is smaller than the page, a size is out of range, or the two have other dimensions.
    """

    one_click = False
    item_features = None  # items have texts

    def __init__(
        self,
        goods: Goods,
        personas: Personas,
        slate_size: int = 6,
        history: int = 60,
        config: ShopConfig | None = None,
    ) -> None:
        fits = f"at least 1 and at most the {goods.num_items} items of the catalogue"
        self.slate_size = size("slate_size", slate_size, fits, goods.num_items)
        self.history_length = size("history", history, "at least 1 impression")
        if goods.latent.shape[1] != personas.interest.shape[1]:
            raise ValueError(
                f"Items live in {goods.latent.shape[1]} dimensions and personas in {personas.interest.shape[1]}; "
                "make both with the same rule."
            )
        self.catalogue, self.personas, self.config = goods, personas, config or ShopConfig()
        self.num_items, self.dims = goods.latent.shape
        self.num_categories = goods.num_topics
        self.centres = goods.topic_directions().astype(np.float32)  # (categories, dims)
        self.topics = dict(zip(goods.topic_names, self.centres, strict=True))
        self.unit = UNITS[self.config.counts]
        self.offer = goods.price > 0  # (items,)
        self.gain = goods.price if self.config.counts == "money" else self.offer.astype(np.float32)
        self.appeal = self.config.browsing.of_items(goods.allure)
        self.pull = self.config.purchase.of_items(goods.price, goods.quality, goods.allure)
        self.worth = self.config.contentment.worth(goods.quality, goods.allure)
        self._width = self.slate_size + 3

    @property
    def settled(self) -> Mapping[str, Any]:
        """Arguments of its environment, see ``World``."""
        return {"history": self.history_length, "config": asdict(self.config)}

    @property
    def fields(self) -> Mapping[str, Field]:
        """Shape, type and range of every observation field."""
        seen, minds, categories = (self.history_length,), (self.config.memory,), (self.num_categories,)
        people, most = self.personas.num_personas, float(self.gain.max())
        return {
            "persona": Field((1,), np.int32, 0, people - 1),
            "shown": Field(seen, np.int32, EMPTY, self.num_items - 1),
            "clicked": Field(seen, np.int8, 0, 1),
            "engagement": Field(seen, np.float32, 0, most),
            "age": Field(seen, np.float32, 0, MAX_DAYS),
            "read_items": Field(minds, np.int32, EMPTY, self.num_items - 1),
            "read_minutes": Field(minds, np.float32, 0, most),
            "read_age": Field(minds, np.float32, 0, MAX_DAYS),
            "clock": Field((4,), np.float32, 0, MAX_DAYS),
            "since_purchase": Field(categories, np.float32, 0, float(LONG_AGO)),
            "shown_lately": Field(categories, np.float32, 0, MAX_DAYS),
            "views": Field(categories, np.float32, 0, MAX_DAYS),
        }

    def check_ends(self) -> None:
        """Raise ValueError if nobody is ever lost."""
        visits = self.config.visits
        longest, worst = (np.array([value], np.float32) for value in (visits.longest, 0))
        if visits.lost(longest, worst)[0] < noise.SMALLEST_CHANCE:
            raise ValueError(
                f"No episode could ever end: horizon is None, and nobody stays away for good with {visits}. "
                "Set a horizon, or a larger visits.churn."
            )

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

    def observe(self, state: ShopState) -> dict[str, NDArray[Any]]:
        """Persona, last impressions, things looked at last, clock, and counts by category: copies, see ``fields``."""
        now = state.clock[:, 0]
        since = np.subtract(now, state.bought.T, out=warm.like(state.bought.T))
        return {
            "persona": state.persona[:, None].copy(),
            **state.history.observe(now),
            **state.minds.observe(now),
            "clock": state.clock.copy(),
            "since_purchase": np.minimum(since, LONG_AGO, out=since).T,
            "shown_lately": warm.copy(state.wear.T).T,
            "views": warm.copy(state.views.T).T,
        }

    def reveal(self, state: ShopState) -> dict[str, NDArray[Any]]:
        """Taste (users, dims), need, consideration, muted (users, categories), satisfaction (users,): copies."""
        return {
            "interest": warm.copy(state.taste),
            "need": state.need.copy(),
            "consideration": state.consideration.copy(),
            "muted": state.muted.copy(),
            "satisfaction": state.satisfaction.copy(),
        }

    def expected_engagement(self, state: ShopState) -> Float:
        """Expected reward at once of every item if it were shown alone at the top, (users, items)."""
        chance = sigmoid(self.view_logits(state))
        chance *= sigmoid(self.buy_logits(state))
        chance *= self.gain
        return chance

    def view_logits(self, state: ShopState) -> Float:
        """Log-odds of looking at every item, were it shown alone at the top, (users, items)."""
        browsing, topic = self.config.browsing, self.catalogue.topic
        adds = browsing.of_categories(state.liking, self.urge(state), state.muted)
        logits = np.float32(browsing.fit) * (state.taste @ self.catalogue.latent.T)
        logits += adds[:, topic]
        logits += (np.float32(browsing.trust) * (state.satisfaction - np.float32(0.5)))[:, None]
        logits += self.appeal
        return logits

    def buy_logits(self, state: ShopState) -> Float:
        """Log-odds of buying every item, were it looked at now, (users, items); -inf of editorials."""
        purchase, topic = self.config.purchase, self.catalogue.topic
        adds = purchase.of_categories(self.urge(state), state.consideration)
        logits = np.float32(purchase.fit) * (state.taste @ self.catalogue.latent.T)
        logits += adds[:, topic]
        logits += (np.float32(purchase.trust) * (state.satisfaction - np.float32(0.5)))[:, None]
        logits += self.pull
        return logits

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
        of_offers, of_editorials = self._count(page, viewed & page.offer), self._count(page, viewed & ~page.offer)
        shown = self._count(page, page.shown & page.offer), self._count(page, page.shown & ~page.offer)
        config.wear.add(state.wear.T, *shown)
        state.views.T[...] += of_offers + of_editorials
        config.consideration.grow(state.consideration.T, of_offers, of_editorials)
        worth = warm.take(self.worth, page.items)
        state.satisfaction = config.contentment.after_page(
            state.satisfaction, worth, page.offer, page.shown, viewed, bought
        )
        state.satisfaction *= config.wear.mute(state.wear.T, state.threshold.T, state.muted.T)
        for category, buys in zip(page.category, bought, strict=True):
            users = np.flatnonzero(buys)
            self._buy(state, users, category[users], state.clock[users, 0])

    def _count(self, page: Page, which: Flags) -> NDArray[np.int64]:
        """How many of the positions ``which`` (slate_size, users) are of every category, (categories, users)."""
        cells = self.num_categories, which.shape[1]
        return np.bincount(page.places[which], minlength=cells[0] * cells[1]).reshape(cells)

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
        rates = self._hazards(state)  # (slots + categories, users)
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

    def _hazards(self, state: ShopState) -> Float:
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


def sigmoid(logits: Float) -> Float:
    """Chances of log-odds, in place."""
    np.negative(logits, out=logits)
    with np.errstate(over="ignore"):
        np.exp(logits, out=logits)
    logits += np.float32(1)
    return np.reciprocal(logits, out=logits)


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
