"""Moods that nobody tells: they switch within a session, come with the hour, and show in what is played and skipped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftrec.simulators.arrays import Draw, UserFlag
from driftrec.simulators.feed.feed_arrays import UserHour, UserMood
from driftrec.simulators.ranges import check_ranges

MOODS = ("lively", "wistful", "calm")
"""From 6, 14 and 22 o'clock, the mood that comes with the hour."""


@dataclass(frozen=True)
class Mood:
    """One of three moods, hidden, the same for a page.

        utility: + match * [the song's mood is the user's]
        after a page with chance ``change``, and whenever a session ends, the mood is drawn anew: that of the hour then
        with chance ``homing``, else any of the three

    Attributes:
        match: Log-odds of playing a song of the user's mood. In [0, 20].
        change: Chance that the mood is drawn anew after a page. In [0, 1].
        homing: Chance that it is that of the hour then. In [0, 1].
    """

    match: float = 1.5
    change: float = 0.15
    homing: float = 0.6

    def __post_init__(self) -> None:
        check_ranges(self, match=(0, 20), change=(0, 1), homing=(0, 1))

    def drawn(self, hour: UserHour, draw: Draw) -> UserMood:
        """A new mood at an hour of the day, (users,), from a uniform draw."""
        home = ((hour - np.float32(6.0)) % np.float32(24.0) / np.float32(8.0)).astype(np.int64)
        rest = np.float32(max(1.0 - self.homing, 1e-6))
        any_one = ((draw - np.float32(self.homing)) / rest * np.float32(len(MOODS))).astype(np.int64)
        mood = np.where(draw < np.float32(self.homing), home, any_one)
        return np.clip(mood, 0, len(MOODS) - 1)

    def after(self, mood: UserMood, begins: UserFlag, hour: UserHour, whether: Draw, which: Draw) -> UserMood:
        """Mood after a page, (users,); ``begins`` where a new session does."""
        anew, after = np.flatnonzero(begins | (whether < np.float32(self.change))), mood.copy()
        after[anew] = self.drawn(hour.take(anew), which.take(anew))
        return after


@dataclass(frozen=True)
class Streak:
    """How the songs of this session went, M in [0, 1]: a good streak keeps users listening.

        a session begins: M = 1/2;  played, of worth w: M <- M + rate * (w - M)
        log-odds of the session's end: - hold * (M - 1/2)

    Attributes:
        rate: Part of the way that one song moves. In [0, 1].
        hold: Log-odds from the worst streak to the best. In [0, 40].
    """

    rate: float = 0.1
    hold: float = 1.5

    def __post_init__(self) -> None:
        check_ranges(self, rate=(0, 1), hold=(0, 40))
