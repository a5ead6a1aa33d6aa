"""The part of docs/scenarios.md that songs add, a second time; see ``scalar_feed``."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from driftrec.simulators import noise
from driftrec.simulators.feed.mood import MOODS
from driftrec.simulators.feed.song_world import SongWorld
from tests.simulators.feed.scalar_feed import Happened, PageDraws, ScalarFeedUser


@dataclass
class Heard:
    """What one user is to one song."""

    familiar: float = 0.0
    wear: float = 0.0
    worn: bool = False


@dataclass
class ScalarSongUser(ScalarFeedUser):
    """One listener; wear fades page by page, as the page says it, and not when it is looked at."""

    world: SongWorld
    songs: dict[int, Heard] = field(default_factory=dict)
    streak: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        repeats, topics = self.config.repeats, self.world.num_topics
        key = noise.stream_keys(np.array([self.seed], np.uint64))
        words = noise.block(noise.stream_keys(noise.stream_keys(key)), np.array([0]), repeats.known + 2)
        draws = PageDraws(words)
        n = float(noise.normal(words[0])[0])
        self.limit = repeats.limit * float(np.exp(repeats.own * n - repeats.own**2 / 2))
        self.mood = self.drawn(self.hour, draws.high(1))
        usual = self.world.usual[self.persona]
        liked = sorted(range(topics), key=lambda t: -usual[t])[: self.config.taste.liked]
        for row in range(2, repeats.known + 2):
            topic = liked[int(draws.high(row) * len(liked))]
            of_topic = np.flatnonzero(self.catalogue.topic == topic)
            self.songs[int(of_topic[int(draws.low(row) * len(of_topic))])] = Heard(0.8)

    def drawn(self, hour: float, draw: float) -> int:
        m = self.config.mood
        if draw < m.homing:
            return int((hour - 6) % 24 // 8)
        return min(2, int((draw - m.homing) / (1 - m.homing) * 3))

    def more(self, item: int) -> float:
        r, song = self.config.repeats, self.songs.get(item, Heard())
        fits = self.catalogue.subtopics[item] == MOODS[self.mood]
        return r.familiar * (song.familiar - 0.5) - r.worn_out * song.worn + self.config.mood.match * fits

    def opens(self, item: int, worth: float) -> None:
        r, song = self.config.repeats, self.songs.setdefault(item, Heard())
        song.familiar += r.gain * (1 - song.familiar)
        song.wear += 1
        if song.wear >= self.limit and not song.worn:
            song.worn = True
            self.satisfaction *= 1 - r.annoy
        self.streak += self.config.streak.rate * (worth - self.streak)

    def held(self) -> float:
        return self.config.streak.hold * (self.streak - 0.5)

    def page_over(self, happened: Happened, draws: PageDraws, size: int) -> None:
        hours = (self.config.browsing_minutes + sum(happened.minutes)) / 60 + happened.gap
        for song in self.songs.values():
            song.wear *= 2 ** (-hours / self.config.repeats.half_life)
            song.worn = song.worn and song.wear > self.config.repeats.rest * self.limit
        if happened.ended or draws.high(size + 2) < self.config.mood.change:
            self.mood = self.drawn((self.hour + self.hours) % 24, draws.low(size + 2))
        if happened.ended:
            self.streak = 0.5
