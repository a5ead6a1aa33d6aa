"""docs/scenarios.md a second time: one user, one page, plain Python and float64, with the steps in the page's order.

Written from the page and not from ``driftrec.simulators.feed``. It shares with that package the random words
(``driftrec.simulators.noise``), the catalogue, the audience and the numbers of the settings, and no equation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from driftrec.simulators import noise
from driftrec.simulators.feed.feed_world import FeedWorld
from tests.simulators.draws import Draws, f


class PageDraws(Draws):
    """Random words of a user: those of a step, or of the birth, by the rows that the page names."""

    def opening(self, row: int) -> float:
        return float(noise.uniform_pairs(self.words[row])[1])

    def minutes(self, row: int) -> float:
        return float(noise.uniform_pairs(self.words[row])[0])


@dataclass
class Shown:
    """An item at a position, or an empty position."""

    item: int
    clicked: bool = False
    minutes: float = 0.0
    hour: float = 0.0


@dataclass
class Happened:
    """What a page did."""

    minutes: list[float]  # by position
    clicks: list[bool]
    ended: bool = False
    gap: float = 0.0
    left: bool = False


@dataclass
class Topic:
    """What one user is to one topic."""

    home: float
    potential: float
    threshold: float
    half_life: float
    annoy: float
    taste: float = 0.0
    load: float = 0.0
    bored: bool = False


@dataclass
class ScalarFeedUser:
    """One user of ``world`` from the reset on."""

    world: FeedWorld
    seed: int
    hours: float = 0.0
    sessions: int = 1
    session_steps: int = 0
    session_minutes: float = 0.0
    gone: bool = False
    now: int = 0
    impressions: list[Shown] = field(default_factory=list)
    opened: list[Shown] = field(default_factory=list)

    def __post_init__(self) -> None:
        world, c = self.world, self.world.config
        self.config: Any = c  # built-in mechanisms
        self.catalogue = world.catalogue
        topics, dims = world.catalogue.num_topics, world.personas.interest.shape[1]
        words = -(-(4 * topics + dims) // 2)
        key = noise.stream_keys(np.array([self.seed], np.uint64))
        birth = noise.block(noise.stream_keys(key), np.array([0]), 2 + topics + words)
        draws = PageDraws(birth)
        normals = noise.normal_pairs(birth[2 + topics :].T)[0].astype(float)
        self.persona = int(draws.high(0) * world.personas.num_personas)
        self.satisfaction = c.regret.start_low + (c.regret.start_high - c.regret.start_low) * draws.low(0)
        self.daily = draws.high(1) < self.chance_of_daily()
        self.hour = 24 * draws.low(1)
        interest = world.personas.interest[self.persona].astype(float)
        told = [normals[4 * topics + d] for d in range(dims)]
        share = c.taste.persona
        self.own = np.sqrt(share * dims) * interest + np.sqrt(1 - share) * np.array(told)
        nearest = sorted(range(topics), key=lambda t: -float(interest @ self.direction(t)))[: c.taste.liked]
        others = sorted((t for t in range(topics) if t not in nearest), key=lambda t: draws.high(2 + t))
        gems = others[: c.taste.gems]
        self.topics = []
        for t in range(topics):
            n = [normals[part * topics + t] for part in range(4)]
            usual = c.taste.liking if t in nearest else c.taste.other
            home = max(0.0, usual + c.taste.individual * n[0])
            potential = max(home, c.taste.gem) if t in gems else home
            sd = c.boredom.own
            factor = [float(np.exp(sd * x - sd**2 / 2)) for x in n[1:]]
            annoy = min(0.9, c.boredom.annoy * factor[2])
            self.topics.append(
                Topic(home, potential, c.boredom.threshold * factor[0], c.boredom.half_life * factor[1], annoy, home)
            )

    def direction(self, topic: int) -> np.ndarray:
        mean = self.catalogue.latent[self.catalogue.topic == topic].astype(float).mean(axis=0)
        return mean / np.linalg.norm(mean)

    def traits(self, item: int) -> np.ndarray:
        centre, latent = self.direction(int(self.catalogue.topic[item])), self.catalogue.latent[item].astype(float)
        rest = latent - (latent @ centre) * centre
        return rest / np.linalg.norm(rest)

    def step(self, page: list[int]) -> Happened:
        self.now += 1
        size = len(page)
        key = noise.stream_keys(np.array([self.seed], np.uint64))
        draws = PageDraws(noise.block(key, np.array([self.now]), size + self.world.words_after))
        happened = Happened([0.0] * size, [False] * size)
        if self.gone:
            self.impressions += [Shown(-1) for _ in page]
            return happened
        taken: dict[int, int] = {}
        for k, item in enumerate(page):
            if item in page[:k]:  # 1. an empty position
                self.impressions.append(Shown(-1))
                continue
            happened.clicks[k], happened.minutes[k] = self.meet(item, k, taken, draws)
            shown = Shown(item, happened.clicks[k], happened.minutes[k], self.hours)
            self.impressions.append(shown)
            if shown.clicked:
                self.opened.append(shown)
        self.end_page(happened, draws, size)
        return happened

    def meet(self, item: int, k: int, taken: dict[int, int], draws: PageDraws) -> tuple[bool, float]:
        """2. to 5.: the item at position k is opened or passed over."""
        catalogue, c = self.catalogue, self.config
        number, topic = int(catalogue.topic[item]), self.topics[int(catalogue.topic[item])]
        allure, quality = float(catalogue.allure[item]), float(catalogue.quality[item])
        a, seen = c.appeal, item in [shown.item for shown in self.opened]
        u = a.base + a.taste * topic.taste + a.own * float(self.own @ self.traits(item)) + a.allure * allure
        u += a.trust * (self.satisfaction - 0.5) - a.bored * topic.bored - a.seen * seen
        u += self.more(item)
        u -= a.takeaway * taken.get(number, 0) + a.position * k
        if draws.opening(k) >= f(u):
            self.satisfaction -= c.regret.skip * self.satisfaction
            return False, 0.0
        w, r = c.watching, c.regret
        expected = float(catalogue.minutes[item]) * f(w.base + w.taste * topic.taste + w.allure * allure)
        minutes = expected * (1 + w.spread * (2 * draws.minutes(k) - 1))
        worth = f(r.base + r.quality * quality - r.allure * allure + r.taste * topic.taste)
        self.satisfaction += r.rate * (worth - self.satisfaction)
        topic.taste += c.taste.growth * worth * max(0.0, topic.potential - topic.taste)
        topic.load += 1
        taken[number] = taken.get(number, 0) + 1
        if topic.load >= topic.threshold and not topic.bored:
            topic.bored = True
            self.satisfaction *= 1 - topic.annoy
        self.opens(item, worth)
        return True, minutes

    def more(self, item: int) -> float:
        """What else is in the utility: of clips nothing."""
        return 0.0

    def opens(self, item: int, worth: float) -> None:
        """What else an opened item does: of clips nothing."""

    def chance_of_daily(self) -> float:
        return f(self.config.habit.base + self.config.habit.satisfaction * (self.satisfaction - 0.5))

    def end_page(self, happened: Happened, draws: PageDraws, size: int) -> None:
        """6. to 9.: the session ends or not, time passes, the user is lost or not."""
        c, minutes = self.config, sum(happened.minutes)
        self.session_steps += 1
        self.session_minutes += minutes
        odds = c.weariness.base - c.weariness.satisfaction * (self.satisfaction - 0.5) - self.held()
        happened.ended = draws.high(size) < f(odds + self.session_minutes / c.weariness.tired)
        if happened.ended:
            self.go_away(happened, draws, size)
        hours = (c.browsing_minutes + minutes) / 60 + happened.gap
        self.hours += hours
        for topic in self.topics:
            topic.load *= c.boredom.keep * 2 ** (-hours / topic.half_life)
            topic.bored = topic.bored and topic.load > c.boredom.rest * topic.threshold
            topic.taste = topic.home + (topic.taste - topic.home) * 2 ** (-hours / c.taste.half_life)
        self.gone = happened.left
        self.page_over(happened, draws, size)

    def held(self) -> float:
        """What keeps the session going."""
        return 0.0

    def page_over(self, happened: Happened, draws: PageDraws, size: int) -> None:
        """What else time does: with clips nothing."""

    def go_away(self, happened: Happened, draws: PageDraws, size: int) -> None:
        h, draw = self.config.habit, draws.low(size + 1)
        if draw < h.change:
            self.daily = draw < h.change * self.chance_of_daily()
        happened.gap = min(h.max_gap, (h.daily if self.daily else h.casual) * draws.exponential(size + 1))
        rate = h.calm + (h.alarm - h.calm) * f(h.steep * (h.pivot - self.satisfaction))
        happened.left = draws.low(size) < 1 - float(np.exp(-rate * happened.gap))
        self.sessions, self.session_steps, self.session_minutes = self.sessions + 1, 0, 0.0
