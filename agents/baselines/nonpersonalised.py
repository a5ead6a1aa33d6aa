"""Baselines that know nobody: items drawn at random, the floor, and what most people click."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines.common import (
    Scores,
    best_retrieved,
    best_unread,
    check_positive,
    draw_distinct,
    is_large,
    step_generator,
)
from driftrec.agents.policy import Context, Observation, Slates, num_users
from driftrec.agents.retrieval.largest import largest
from driftrec.simulators.offers import items_of

POOL = 256
"""Items of the highest rates that are candidates in a large catalogue."""

DRAWN = 32
"""Others that are, besides as many as a slate has positions; a user's last reads are never all of them."""

_TIE = 1e-9  # below the difference of any two rates that matter


class Random:
    """Shows distinct items, every ordered slate equally likely, whatever the user did.

    A slate depends on the seed, the step and the user's row, not on the number of rows.

    Args:
        context: What is known of the catalogue.
    """

    def __init__(self, context: Context) -> None:
        self._slate_size = context.slate_size
        withheld = np.zeros(context.num_choices, np.bool_) if context.withheld is None else context.withheld
        self._items = np.flatnonzero(~withheld)
        self.reset(num_users=0, seed=0)

    def reset(self, num_users: int, seed: int) -> None:
        """Start the random numbers over from ``seed``."""
        self._seed = seed
        self._step = 0

    def act(self, observation: Observation) -> Slates:
        """Random slates, shape (users, slate_size)."""
        uniforms = step_generator(self._seed, self._step).random((num_users(observation), self._slate_size))
        self._step += 1
        return self._items[draw_distinct(uniforms, len(self._items))]

    def propensity(self, observation: Observation, slates: Slates) -> NDArray[np.float64]:
        """Chance of every pick given those above it: 1 of the items left, (users, slate_size)."""
        possible = np.isin(slates, self._items)
        for k in range(1, slates.shape[1]):
            possible[:, k] &= (slates[:, :k] != slates[:, k : k + 1]).all(axis=1)
        left = len(self._items) - np.arange(slates.shape[1])  # (slate_size,)
        return np.logical_and.accumulate(possible, axis=1) / left

    def marginal(self, observation: Observation, slates: Slates) -> NDArray[np.float64]:
        """Chance of every item at its position: 1 of all, (users, slate_size)."""
        return np.isin(slates, self._items) / float(len(self._items))


class Popular:
    """Shows the items with the highest click rate so far, one ranking for all; a user's last reads come last.

    The rate of an item is smoothed towards the rate of all impressions,

        rate_i = (clicks_i + strength * rate) / (impressions_i + strength)
        rate = all clicks / all impressions

    counted over all users served since ``reset``: slates depend on who else is in the batch. It never
    explores on purpose. Items with equal rates, such as all those not shown yet, come in an order drawn
    anew for every user and step; so the first slates are random, and an item below the common rate gives
    way to one not shown yet.

    The default is older than ``driftrec tune``: the best of its 25 trials in the default News world was not told apart
    from it on fresh users (results/news/tuning).

    Args:
        context: What is known of the catalogue.
        strength: Impressions that the common rate is worth. > 0.

    Raises:
        ValueError: If ``strength`` is out of range.
    """

    def __init__(self, context: Context, strength: float = 20.0) -> None:
        check_positive("strength", strength)
        self.strength = strength
        self._slate_size = context.slate_size
        self._num_items = context.num_items
        self._large, self._drawn = is_large(context), DRAWN + context.slate_size
        self.reset(num_users=0, seed=0)

    def reset(self, num_users: int, seed: int) -> None:
        """Forget all counts."""
        self._seed = seed
        self._step = 0
        self._clicks = np.zeros(self._num_items)
        self._impressions = np.zeros(self._num_items)

    def rates(self) -> NDArray[np.float64]:
        """Smoothed click rate of each item, in [0, 1], shape (items,); zeros before the first impression."""
        rate = self._clicks.sum() / max(self._impressions.sum(), 1.0)
        return (self._clicks + self.strength * rate) / (self._impressions + self.strength)

    def act(self, observation: Observation) -> Slates:
        """The most clicked items that a user has not read lately, best first, shape (users, slate_size)."""
        rates = self.rates()
        generator = step_generator(self._seed, self._step)
        self._step += 1
        if self._large:
            return self._act_large(rates, generator, observation)

        def score(chunk: Observation, rows: slice) -> Scores:
            return rates + _TIE * generator.random((len(chunk["persona"]), self._num_items))

        return best_unread(score, observation, self._num_items, self._slate_size)

    def _act_large(
        self, rates: NDArray[np.float64], generator: np.random.Generator, observation: Observation
    ) -> Slates:
        """The same of a large catalogue: those above the common rate, and for every user some drawn from all others."""
        common = np.median(rates)  # most items were never shown
        ties = np.random.default_rng([self._seed, self._step, 1])  # rows must not depend on how many there are
        above = largest(rates, POOL)
        above = above[rates[above] > common]

        def retrieve(chunk: Observation, rows: slice) -> Slates:
            drawn = draw_distinct(generator.random((len(chunk["persona"]), self._drawn)), self._num_items)
            pool = np.broadcast_to(above, (len(drawn), len(above)))
            return np.concatenate([drawn, pool], axis=1)

        def score(chunk: Observation, rows: slice, items: Slates) -> Scores:
            scores = rates[items] + _TIE * ties.random(items.shape)
            scores[:, : self._drawn][np.isin(items[:, : self._drawn], above)] = -np.inf  # once is enough
            return scores

        return best_retrieved(retrieve, score, observation, self._slate_size)

    def update(
        self, observation: Observation, slates: Slates, clicks: NDArray[np.bool_], engagement: NDArray[Any]
    ) -> None:
        """Count one step's impressions and clicks; item -1 is a position that nobody saw."""
        items = items_of(observation, slates)
        self._impressions += np.bincount(items[items >= 0], minlength=self._num_items)
        self._clicks += np.bincount(items[clicks], minlength=self._num_items)
