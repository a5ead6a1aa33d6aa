"""docs/model.md a second time: one user, one step, plain Python and float64, with the steps in the page's order.

Written from the page and not from ``driftrec.simulators.news``. It shares with that module the random words
(``driftrec.simulators.noise``), the catalogue, the audience and the numbers of the settings, and no equation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import noise
from driftrec.simulators.news import NewsWorld
from tests.simulators.draws import Draws, f

Vector = NDArray[np.float64]  # (dims,)

EMPTY = -1


def unit(vector: Vector) -> Vector:
    return vector / np.sqrt((vector**2).sum())


class StepDraws(Draws):
    """The random words of one user's step, by the purposes that the page names."""

    def __init__(self, seed: int, step: int, dims: int) -> None:
        self.dims = dims
        key = noise.stream_keys(np.array([seed], np.uint64))
        super().__init__(noise.block(key, np.array([step]), 4 + -(-dims // 4)))  # (rows, 1)

    def vector(self) -> Vector:
        """Mean 0 and variance 1 in every dimension, from the rows from 4 on."""
        return noise.steps_of_walk(self.words[4:], self.dims)[0].astype(np.float64)


@dataclass
class Item:
    """One item's columns."""

    number: int
    latent: Vector
    quality: float
    allure: float
    minutes: float
    topic: int


@dataclass
class Impression:
    """An item at a position of a slate, or an empty position."""

    item: int
    clicked: bool
    minutes: float
    hour: float


@dataclass
class Read:
    """An item read."""

    item: int
    minutes: float
    hour: float


@dataclass
class Happened:
    """What a step did."""

    opened: int  # position, -1 for none
    minutes: float
    ended: bool
    gap: float
    left: bool


NOTHING = Happened(-1, 0.0, False, 0.0, False)


class ScalarUser:
    """One user of ``world`` from the reset on."""

    def __init__(self, world: NewsWorld, seed: int) -> None:
        self.config = cast(Any, world.config)  # built-in mechanisms
        self.catalogue = world.catalogue
        self.directions = topic_directions(world)
        self.seed, self.now = seed, 0  # ``now`` counts steps; step 0 is the reset
        draws = StepDraws(seed, 0, world.dims)
        self.persona = int(draws.high(0) * world.personas.num_personas)
        start = world.personas.interest[self.persona].astype(np.float64)
        self.home = unit(start + self.config.individuality * draws.vector())
        self.interest = self.home
        low, high = self.config.satisfaction.start_low, self.config.satisfaction.start_high
        self.satisfaction = low + (high - low) * draws.high(1)
        self.satiation = [0.0] * world.catalogue.num_topics
        self.hours, self.sessions, self.session_steps, self.session_minutes = 0.0, 1, 0, 0.0
        self.gone = False
        self.impressions: list[Impression] = []
        self.reads: list[Read] = []

    def item(self, number: int) -> Item:
        c = self.catalogue
        latent = c.latent[number].astype(np.float64)
        hidden = float(c.quality[number]), float(c.allure[number])
        return Item(number, latent, *hidden, float(c.minutes[number]), int(c.topic[number]))

    def step(self, slate: list[int]) -> Happened:
        """Show ``slate``; the numbers are those of the page's list."""
        self.now += 1
        draws = StepDraws(self.seed, self.now, len(self.home))
        # 1. Repeats are empty positions; who is gone sees nothing.
        if self.gone:
            self.impressions += [Impression(EMPTY, False, 0.0, 0.0) for _ in slate]
            return NOTHING
        shown = [EMPTY if number in slate[:k] else number for k, number in enumerate(slate)]
        opened = self.choose(shown, draws.high(0))  # 2.
        minutes = 0.0
        if opened < 0:
            self.satisfaction -= self.config.satisfaction.boredom * self.satisfaction  # 4.
        else:
            minutes = self.read(self.item(shown[opened]), draws.normal(1))  # 3. to 5.
        for k, number in enumerate(shown):  # 6.
            clicked = k == opened
            self.impressions.append(Impression(number, clicked, minutes if clicked else 0.0, self.hours))
        self.session_steps += 1
        self.session_minutes += minutes
        ended = draws.low(0) < self.chance_of_an_end()  # 7.
        gap, left = self.go_away(draws) if ended else (0.0, False)  # 8.
        self.pass_time((self.config.browsing_minutes + minutes) / 60 + gap, draws)  # 9. and 10.
        if ended:
            self.sessions, self.session_steps, self.session_minutes = self.sessions + 1, 0, 0.0
        self.gone = left
        return Happened(opened, minutes, ended, gap, left)

    def choose(self, shown: list[int], draw: float) -> int:
        """Position opened, -1 for none: the first whose cumulative chance exceeds the draw."""
        c = self.config.choice
        weights = [
            0.0 if number == EMPTY else float(np.exp(self.utility(self.item(number)) - c.position * k))
            for k, number in enumerate(shown)
        ]
        total, passed = float(np.exp(c.no_click)) + sum(weights), 0.0
        for k, weight in enumerate(weights):
            passed += weight / total
            if draw < passed:
                return k
        return -1

    def utility(self, item: Item) -> float:
        """Of opening ``item`` at the top position."""
        c = self.config.choice
        repeat = item.number in [read.item for read in self.reads[-self.config.memory :]]
        utility = c.affinity * self.affinity(item) + c.allure * item.allure - c.satiation * self.satiation[item.topic]
        return min(utility - c.repeat * repeat + c.trust * (self.satisfaction - 0.5), 80.0)

    def affinity(self, item: Item) -> float:
        return float(self.interest @ item.latent)

    def expected_minutes(self, item: Item) -> float:
        r = self.config.reading
        return item.minutes * f(r.base + r.affinity * self.affinity(item) + r.allure * item.allure)

    def worth(self, item: Item) -> float:
        s = self.config.satisfaction
        return f(s.base + s.quality * item.quality - s.allure * item.allure + s.affinity * self.affinity(item))

    def read(self, item: Item, z: float) -> float:
        """Read ``item``; returns the minutes."""
        spread = self.config.reading.spread
        minutes = self.expected_minutes(item) * float(np.exp(spread * z - spread**2 / 2))
        self.satisfaction += self.config.satisfaction.rate * (self.worth(item) - self.satisfaction)
        self.satiation[item.topic] += self.config.satiation.gain * (1 - self.satiation[item.topic])
        self.interest = unit(self.interest + self.config.drift.towards * (item.latent - self.interest))  # moves last
        self.reads.append(Read(item.number, minutes, self.hours))
        return minutes

    def chance_of_an_end(self) -> float:
        e = self.config.session_end
        return f(e.base - e.satisfaction * (self.satisfaction - 0.5) + e.tired * self.session_minutes / 30)

    def go_away(self, draws: StepDraws) -> tuple[float, bool]:
        """Hours away, and whether for good."""
        c = self.config.comeback
        gap = c.mean_gap * float(np.exp(-c.satisfaction * (self.satisfaction - 0.5))) * draws.exponential(2)
        gap = min(c.max_gap, gap)
        return gap, draws.low(2) < 1 - float(np.exp(-c.churn_rate * gap))

    def pass_time(self, hours: float, draws: StepDraws) -> None:
        d = self.config.drift
        self.hours += hours
        self.satiation = [s * 2 ** (-hours / self.config.satiation.half_life) for s in self.satiation]
        pulled = self.home + (self.interest - self.home) * 2 ** (-hours / d.half_life)
        self.interest = unit(pulled + d.walk * np.sqrt(hours) * draws.vector())
        if draws.high(3) < 1 - np.exp(-d.jump_rate * hours):
            topic = int(draws.low(3) * len(self.directions))
            self.interest = unit(self.interest + d.jump * self.directions[topic])


def topic_directions(world: NewsWorld) -> list[Vector]:
    """Mean latent of every topic, of all items for a topic without any, scaled to length 1."""
    latent, topic = world.catalogue.latent.astype(np.float64), world.catalogue.topic
    rows = [latent[topic == t] for t in range(world.catalogue.num_topics)]
    return [unit((own if len(own) else latent).mean(axis=0)) for own in rows]
