"""What sets one feed apart from another: the mechanisms and their numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from driftrec.simulators.feed.ageing import Breaking, Freshness
from driftrec.simulators.feed.appeal import Appeal
from driftrec.simulators.feed.boredom import TopicBoredom
from driftrec.simulators.feed.habit import Habit, Weariness
from driftrec.simulators.feed.mood import Mood, Streak
from driftrec.simulators.feed.repeats import Repeats
from driftrec.simulators.feed.taste import Taste
from driftrec.simulators.feed.watching import Regret, Watching
from driftrec.simulators.mechanisms import swappable
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.sizes import check_sizes


@dataclass(frozen=True)
class FeedConfig:
    """The mechanisms of a feed's audience. The defaults are those of Video.

    Attributes:
        appeal: What is opened on the way down a page.
        watching: Minutes of what is opened.
        regret: Whether it was worth it.
        boredom: Having had too much of a topic.
        taste: What is liked, and how that grows.
        weariness: When a session ends.
        habit: Time away, and churn.
        memory: Items last opened that a recommender sees besides the last impressions. In [1, 10000].
        browsing_minutes: Minutes that looking over a page takes. In [0.001, 1000].
    """

    appeal: Appeal = field(default_factory=Appeal, metadata=swappable(Appeal))
    watching: Watching = field(default_factory=Watching, metadata=swappable(Watching))
    regret: Regret = field(default_factory=Regret, metadata=swappable(Regret))
    boredom: TopicBoredom = field(default_factory=TopicBoredom, metadata=swappable(TopicBoredom))
    taste: Taste = field(default_factory=Taste, metadata=swappable(Taste))
    weariness: Weariness = field(default_factory=Weariness, metadata=swappable(Weariness))
    habit: Habit = field(default_factory=Habit, metadata=swappable(Habit))
    memory: int = 64
    browsing_minutes: float = 0.5

    def __post_init__(self) -> None:
        check_ranges(self, browsing_minutes=(1e-3, 1e3))
        check_sizes(self, memory=(1, 10_000))


VIDEO = FeedConfig()
"""A feed of short videos."""


@dataclass(frozen=True)
class MusicConfig(FeedConfig):
    """The same of a feed of songs.

    Attributes:
        repeats: What hearing a song again does.
        mood: What a user is in the mood for.
        streak: How the session goes.
    """

    repeats: Repeats = field(default_factory=Repeats, metadata=swappable(Repeats))
    mood: Mood = field(default_factory=Mood, metadata=swappable(Mood))
    streak: Streak = field(default_factory=Streak, metadata=swappable(Streak))


MUSIC = MusicConfig(
    appeal=Appeal(base=-2.4, taste=2.0, allure=0.4, bored=3.0, seen=0.0, takeaway=0.5, position=0.02),
    watching=Watching(base=0.5, spread=0.2),
    regret=Regret(allure=0.4, rate=0.06),
    boredom=TopicBoredom(threshold=6.0, rest=0.25, keep=0.75, half_life=24.0, annoy=0.12),
    taste=Taste(gem=1.3, growth=0.15, half_life=240.0),
    weariness=Weariness(base=-1.9, satisfaction=4.0, tired=90.0),
    habit=Habit(base=1.05),
)
"""A feed of songs."""


@dataclass(frozen=True)
class StreamConfig(FeedConfig):
    """The same of a stream of news.

    Attributes:
        freshness: What age does to an article.
        breaking: What a topic in the news does to its articles.
    """

    freshness: Freshness = field(default_factory=Freshness, metadata=swappable(Freshness))
    breaking: Breaking = field(default_factory=Breaking, metadata=swappable(Breaking))


STREAM = StreamConfig(
    appeal=Appeal(base=-1.6, taste=2.2, allure=0.7, bored=3.0, takeaway=2.0, position=0.1),
    watching=Watching(base=-0.6, spread=0.3),
    regret=Regret(rate=0.1),
    boredom=TopicBoredom(threshold=3.0, rest=0.25, keep=1.0, half_life=72.0, annoy=0.25),
    taste=Taste(liked=4, gems=4, gem=1.5, growth=0.2, half_life=240.0),
    weariness=Weariness(base=-1.8),
    habit=Habit(base=1.2),
)
"""A stream of news."""
