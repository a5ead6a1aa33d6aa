"""The part of docs/scenarios.md that a stream of news adds, a second time; see ``scalar_feed``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftrec.simulators import noise
from driftrec.simulators.feed.stream_world import StreamWorld
from tests.simulators.feed.scalar_feed import PageDraws, ScalarFeedUser


@dataclass
class ScalarStreamUser(ScalarFeedUser):
    """One reader, who is shown items of the catalogue: which are on offer is asked beside."""

    world: StreamWorld

    def __post_init__(self) -> None:
        super().__post_init__()
        self.dates = self.world.catalogue.hours.astype(float)
        self.period = 24 * (np.floor(self.dates.max() / 24) + 1)
        key = noise.stream_keys(np.array([self.seed], np.uint64))
        words = noise.block(noise.stream_keys(noise.stream_keys(key)), np.array([0]), 1)
        self.arrival = self.hour + 24 * int(PageDraws(words).high(0) * self.period / 24)

    @property
    def moment(self) -> float:
        return (self.arrival + self.hours) % self.period

    def age(self, item: int) -> float:
        return float((self.moment - self.dates[item]) % self.period)

    def newest(self) -> list[int]:
        """What is on offer."""
        ages = (self.moment - self.dates) % self.period
        return np.argsort(ages, kind="stable")[: self.world.num_items].tolist()

    def heat(self, topic: int) -> float:
        """Articles of the topic until the last full hour, in all rounds of the calendar, against the mean."""
        fade = 2 ** (-1 / 24)
        dates = np.floor(self.dates[self.catalogue.topic == topic])
        lag = (np.floor(self.moment) - dates - 1) % self.period + 1  # an hour's articles count from its end
        recent = float((fade**lag / (1 - fade**self.period)).sum())
        usual = len(dates) * fade / (1 - fade) / self.period
        return min(2.0, max(0.0, float(np.log((recent + 1) / (usual + 1)))))

    def more(self, item: int) -> float:
        c = self.config
        stale = c.freshness.loss * float(np.log2(1 + self.age(item) / c.freshness.half_life))
        return c.breaking.gain * self.heat(int(self.catalogue.topic[item])) - stale
