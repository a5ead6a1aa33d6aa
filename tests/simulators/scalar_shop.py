"""docs/scenarios-shop.md a second time: one customer, one visit, plain Python and float64.

Written from the page and not from ``driftrec.simulators.shop``. It shares with that room the random words, the goods,
the audience and the numbers of the settings, and no equation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from driftrec.simulators import noise
from driftrec.simulators.shop.world import ShopWorld
from tests.simulators.draws import Draws, f

EMPTY = -1


class Words(Draws):
    """Random words of one step, one user."""

    def __init__(self, key: np.ndarray, step: int, width: int) -> None:
        super().__init__(noise.block(key, np.array([step]), width))


@dataclass
class Slot:
    """A thing looked at last."""

    item: int
    category: int
    fit: float
    pending: bool
    money: float
    day: float


@dataclass
class Impression:
    item: int
    viewed: bool
    money: float
    day: float


class ScalarCustomer:
    """One customer of ``world`` from the reset on."""

    def __init__(self, world: ShopWorld, seed: int) -> None:
        self.world, self.config, self.goods = world, world.config, world.catalogue
        seeds = np.array([seed], np.uint64)
        self.key, self.now = noise.stream_keys(seeds), 0
        c, n = self.config, world.num_categories
        person = noise.stream_keys(noise.child_seeds(seeds, np.array([0])))
        words = Words(person, 0, 2 + 3 * n + -(-world.dims // 4))
        self.persona = int(words.high(0) * world.personas.num_personas)
        walk = noise.steps_of_walk(words.words[2 + 3 * n :], world.dims)[0].astype(float)
        taste = world.personas.interest[self.persona].astype(float) + c.individuality * walk
        self.taste = taste / math.sqrt((taste**2).sum())
        self.liking = [float(self.taste @ centre) for centre in world.centres.astype(float)]
        self.rate, self.need, self.threshold = [], [], []
        for k in range(n):
            never = words.high(2 + k) < c.needs.never
            self.rate.append(
                0.0 if never else 1 / (c.needs.period * math.exp(c.needs.spread * words.normal(2 + n + k)))
            )
            start = (1 + c.needs.durable) * words.low(2 + k) - c.needs.durable
            self.need.append(-c.needs.durable if never else start)
            self.threshold.append(c.wear.threshold * math.exp(c.wear.spread * words.normal(2 + 2 * n + k)))
        self.call, self.mind, self.wear, self.views = ([0.0] * n for _ in range(4))
        self.muted, self.bought = [False] * n, [-math.inf] * n
        low, high = c.contentment.start_low, c.contentment.start_high
        self.s = low + (high - low) * words.high(1)
        self.often = words.low(0) < c.visits.share
        self.day, self.visits, self.away, self.between = 0.0, 1, 0.0, 0.0
        self.gone = False
        self.slots: list[Slot | None] = [None] * c.memory
        self.next = 0
        self.impressions: list[Impression] = []

    def urge(self, k: int) -> float:
        felt = max(self.need[k], 0.0)
        return felt + self.config.complements.strength * self.call[k] * (1 - felt)

    def item(self, number: int) -> tuple[int, float, float, float, float]:
        """Category, quality, allure, price and fit."""
        g = self.goods
        fit = float(self.taste @ g.latent[number].astype(float))
        return int(g.topic[number]), float(g.quality[number]), float(g.allure[number]), float(g.price[number]), fit

    def worth(self, number: int) -> float:
        _, quality, allure, _, _ = self.item(number)
        return f(self.config.contentment.quality * quality - self.config.contentment.allure * allure)

    def view_odds(self, number: int) -> float:
        b = self.config.browsing
        k, _, allure, _, fit = self.item(number)
        odds = b.base + b.liking * self.liking[k] + b.urge * self.urge(k) + b.fit * fit + b.allure * allure
        return odds + b.trust * (self.s - 0.5) - b.muted * self.muted[k]

    def buy_odds(self, number: int) -> float:
        p = self.config.purchase
        k, quality, allure, price, fit = self.item(number)
        odds = p.base + p.urge * self.urge(k) + p.consideration * self.mind[k] + p.trust * (self.s - 0.5)
        return odds + p.fit * fit + p.quality * quality + p.allure * allure - p.price * math.log(price / 10)

    def gain(self, number: int) -> float:
        return self.item(number)[3] if self.config.counts == "money" else 1.0

    def step(self, page: list[int]) -> dict[str, object]:
        """Show ``page``; what happened."""
        self.now += 1
        size = len(page)
        words = Words(self.key, self.now, size + 3)
        if self.gone:
            self.impressions += [Impression(EMPTY, False, 0.0, 0.0) for _ in page]
            nothing = {"viewed": [False] * size, "money": [0.0] * size}
            return {**nothing, "days": 0.0, "left": False, "later": 0.0, "ended": False}
        shown = [EMPTY if number in page[:k] else number for k, number in enumerate(page)]
        viewed, bought = self.browse(shown, words)
        money = [self.gain(number) if buys else 0.0 for number, buys in zip(shown, bought, strict=True)]
        self.remember(shown, viewed, bought, money)
        self.learn(shown, viewed, bought)
        v = self.config.visits
        if words.high(size + 2) < v.switch:
            self.often = words.low(size + 2) < v.share
        mean = -1 / math.log1p(-(v.often if self.often else v.seldom))
        spell = math.exp(-v.satisfaction * (self.s - v.centre)) * mean * words.exponential(size + 1)
        days = min(1 + math.floor(spell), v.longest)
        rate = 2 * v.churn * f(v.steep * (v.tipping - self.s))
        left = words.low(size + 1) < 1 - math.exp(-rate * days)
        later = self.think_again(days, words, size)
        self.pass_time(days)
        self.day, self.visits, self.away, self.between = self.day + days, self.visits + 1, days, later
        self.gone = left
        return {"viewed": viewed, "money": money, "days": days, "left": left, "later": later, "ended": True}

    def browse(self, shown: list[int], words: Words) -> tuple[list[bool], list[bool]]:
        viewed: list[bool] = []
        bought: list[bool] = []
        for k, number in enumerate(shown):
            category = EMPTY if number == EMPTY else self.item(number)[0]
            alike = [j for j in range(k) if shown[j] != EMPTY and self.item(shown[j])[0] == category]
            b = self.config.browsing
            taken = b.takeaway * sum(viewed[j] for j in alike)
            looks = number != EMPTY and words.high(k) < f(self.view_odds(number) - taken - b.position * k)
            viewed.append(looks)
            sold = looks and self.goods.price[number] > 0 and not any(bought[j] for j in alike)
            bought.append(bool(sold and words.low(k) < f(self.buy_odds(number))))
        return viewed, bought

    def remember(self, shown: list[int], viewed: list[bool], bought: list[bool], money: list[float]) -> None:
        for k, number in enumerate(shown):
            self.impressions.append(Impression(number, viewed[k], money[k], self.day))
            if viewed[k]:
                category, _, _, price, fit = self.item(number)
                pending = price > 0 and not bought[k]
                self.slots[self.next] = Slot(number, category, fit, pending, money[k], self.day)
                self.next = (self.next + 1) % len(self.slots)

    def learn(self, shown: list[int], viewed: list[bool], bought: list[bool]) -> None:
        c = self.config
        for number, looks, buys in zip(shown, viewed, bought, strict=True):
            if number == EMPTY:
                continue
            k, offer = self.item(number)[0], self.goods.price[number] > 0
            self.wear[k] += 1 if offer else c.wear.editorial
            self.views[k] += looks
            self.mind[k] += looks * (c.consideration.offer if offer else c.consideration.editorial) * (1 - self.mind[k])
            if buys:
                self.s += c.contentment.bought * (self.worth(number) - self.s)
            elif looks and not offer:
                self.s += c.contentment.editorial * (min(1.3 * self.worth(number), 1) - self.s)
            elif not looks:
                self.s -= c.contentment.passed * self.s
        for k, wear in enumerate(self.wear):
            if wear >= self.threshold[k] and not self.muted[k]:
                self.muted[k] = True
                self.s *= 1 - c.wear.annoyance
        for number, buys in zip(shown, bought, strict=True):
            if buys:
                self.buy(self.item(number)[0], self.day)

    def buy(self, category: int, day: float) -> None:
        self.own(category)
        self.call[(category + 1) % len(self.call)] = 1.0
        self.bought[category] = day

    def own(self, category: int) -> None:
        self.need[category], self.mind[category] = -self.config.needs.durable, 0.0

    def think_again(self, days: float, words: Words, size: int) -> float:
        c = self.config.later
        rates = [
            0.0 if slot is None or not slot.pending else c.delay * f(self.buy_odds(slot.item) - c.hesitation)
            for slot in self.slots
        ]
        rates += [c.elsewhere * min(max((self.urge(k) - c.ripe) / (1 - c.ripe), 0), 1) for k in range(len(self.need))]
        if words.exponential(size) >= sum(rates) * days:
            return 0.0
        which, rest = -1, words.low(size) * sum(rates)
        while rest >= 0 and which + 1 < len(rates):
            which += 1
            rest -= rates[which]
        if which >= len(self.slots):
            self.own(which - len(self.slots))
            return 0.0
        slot = self.slots[which]
        assert slot is not None
        slot.pending, slot.money = False, self.gain(slot.item)
        self.s += self.config.contentment.bought * (self.worth(slot.item) - self.s)
        self.buy(slot.category, self.day + days)
        return slot.money

    def pass_time(self, days: float) -> None:
        c = self.config
        for k in range(len(self.need)):
            self.need[k] = min(self.need[k] + self.rate[k] * (1 + c.needs.durable) * days, 1.0)
            self.mind[k] *= 2 ** (-days / c.consideration.half_life)
            self.call[k] *= 2 ** (-days / c.complements.half_life)
            self.wear[k] *= 2 ** (-days / c.wear.half_life)
            self.views[k] *= 2 ** (-days / c.wear.half_life)
            self.muted[k] = self.muted[k] and self.wear[k] > c.wear.rested * self.threshold[k]
