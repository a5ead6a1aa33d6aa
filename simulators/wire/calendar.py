"""What is on offer at any time of a calendar, and which topics are in the news then."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import warm
from driftrec.simulators.sizes import size
from driftrec.simulators.vectors import Double, Float
from driftrec.simulators.wire.dated import Dated

HALF_LIFE = 24.0
"""Hours in which an article counts half for how much its topic is in the news."""

MOST_HEAT = 2.0

MINUTES = 60
"""Of an hour."""


class Calendar:
    """The articles on offer are the ``count`` newest ones. After its last day the calendar begins anew.

    What is on offer changes at full minutes: an article is there from the one that follows its date.

    The heat of a topic c at time t says how much more of it there is than usual,

        n_c(t) = sum over articles i of c that are out: 2^(-(t - t_i) / HALF_LIFE)
        heat_c(t) = log((n_c(t) + 1) / (mean over the calendar of n_c + 1)), cut to 0 .. MOST_HEAT

    with t and t_i in full hours: an hour's articles count from its end.

    Args:
        articles: With their dates.
        count: Articles on offer at any time.

    Attributes:
        period: Hours of the calendar.

    Raises:
        TypeError: If ``count`` is not whole.
        ValueError: If it is below 1 or above the number of articles.
    """

    def __init__(self, articles: Dated, count: int) -> None:
        most = articles.num_items
        fits = f"at least 1 and at most the {most} articles of the catalogue. Offer fewer, or give more articles"
        self.count = size("num_candidates", count, fits, most)
        self.period = articles.period
        self._appeared = articles.hours
        order = np.argsort(articles.hours, kind="stable")
        hours = articles.hours[order]  # (items,), ascending
        minutes = np.arange(int(self.period) * MINUTES + 1) / MINUTES
        self._still = most - np.searchsorted(hours, minutes, side="right").astype(np.int32)  # to come, (minutes,)
        newest_first = order[::-1].astype(np.int32)
        self._row = np.concatenate([newest_first, newest_first[: self.count]]).astype(np.int64)
        self._items = _windows(newest_first, self.count)
        self._heat = _heat(articles, int(self.period))  # (hours, topics)

    def moment(self, hours: Float) -> Float:
        """Time of the calendar, in [0, period), at ``hours`` since it first began, any shape."""
        return hours % np.float32(self.period)

    def places(self, moment: Float) -> NDArray[np.int64]:
        """Which offer it is at every ``moment``, as the other methods are told, (users,)."""
        return self._still.take((moment * np.float32(MINUTES)).astype(np.int64)).astype(np.int64)

    def offered(self, places: NDArray[np.int64]) -> NDArray[np.int32]:
        """Items on offer, newest first, (users, count)."""
        return warm.take(self._items, places)

    def at(self, places: NDArray[np.int64], positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Items at ``positions`` (slate_size, users) among what is on offer, same shape."""
        return warm.take(self._row, places + positions)

    def age(self, moment: Float, items: NDArray[np.int64]) -> Float:
        """Hours since ``items`` (n, users) appeared last, at every ``moment`` (users,); same shape."""
        age = moment - warm.take(self._appeared, items)
        age += np.float32(self.period) * (age < 0)
        return age

    def heat(self, moment: Float) -> Float:
        """How much every topic is in the news at every ``moment``, (users, topics)."""
        return warm.take(self._heat, moment.astype(np.int64))


def _windows(items: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """Every run of ``count`` items, the last followed by the first, (items + 1, count): rows are read at a stretch."""
    row = np.concatenate([items, items[:count]])
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(row, count))


def _heat(articles: Dated, hours: int) -> Float:
    counts: Double = np.zeros((hours, articles.num_topics))
    np.add.at(counts, (articles.hours.astype(np.int64), articles.topic), 1.0)
    fade = 2.0 ** (-1.0 / HALF_LIFE)
    table = np.empty_like(counts)
    ages = np.arange(hours, 0, -1)[:, None]  # of the hours of the round before, at its end
    recent = (counts * fade**ages).sum(axis=0) / (1.0 - fade**hours)  # and of all rounds before that
    for hour, new in enumerate(counts):
        table[hour] = recent
        recent = (recent + new) * fade
    heat = np.log((table + 1.0) / (table.mean(axis=0) + 1.0))
    return np.clip(heat, 0.0, MOST_HEAT).astype(np.float32)
