"""The boredom-aware planner of SARDINE: full information, a quota of clicks for every main topic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines.common import top_k
from driftrec.agents.policy import Observation, Slates
from driftrec.agents.published.sardine import told
from driftrec.simulators.published.sardine import SardineState, SardineWorld

Float = NDArray[np.float32]


@dataclass(frozen=True)
class QuotaWeights:
    """What a click costs the planner beside what it earns, 1.

    Attributes:
        boredom: Clicks lost a step, while the user is bored. >= 0.
        balance: Price of a click on a topic whose quota is used up in the mean. >= 0.
        turnover: Clicks of this slate that are assumed to push old ones out of a full log. >= 0.
        thrift: Price of the influence of an item twice as strong as the mean item's. >= 0.
    """

    boredom: float = 4.0
    balance: float = 0.1
    turnover: int = 3
    thrift: float = 0.0


class QuotaPlanner:
    """Fills a slate from the top down with the item of highest gain, no item twice.

        gain = q (1 - boredom * steps * P(topic is one click from boring) - balance * used - thrift * strength)

    q is the item's chance of a click at this rank; ``steps`` are those lost to boredom, or left of the episode if
    fewer. The clicks on a topic that this slate will have earned are a sum of independent Bernoulli variables,
    and their distribution is known exactly; old clicks that count on are added to it. Boredom comes if the sum
    reaches the threshold, so the user is bored next by this click with q * P(sum = threshold - 1).

    Args:
        world: The world whose state ``see`` receives.
        horizon: Steps of an episode.
        weights: The prices.
    """

    def __init__(self, world: SardineWorld, horizon: int, weights: QuotaWeights | None = None) -> None:
        self.world = world
        self.horizon = horizon
        self.weights = weights or QuotaWeights()
        self._ranks = world.config.propensities(world.slate_size)
        strength = world.item_features.mean(axis=1)
        self._strength = strength / strength.mean() - 1.0
        self._state: SardineState | None = None

    def reset(self, num_users: int, seed: int) -> None:
        """Nothing to forget and nothing random."""

    def see(self, state: SardineState) -> None:
        """Be told the true state; called before every ``act``."""
        self._state = state

    def act(self, observation: Observation) -> Slates:
        """Slates, (users, slate_size)."""
        state = told(self._state, self)
        items = self._candidates(state)
        score = np.take_along_axis(self.world.scores(state), items, axis=1)
        picks = self._fill(state, items, self.world.config.relevance(score))
        return np.take_along_axis(items, picks, axis=1)

    def _candidates(self, state: SardineState) -> NDArray[np.int64]:
        """The best items of every main topic, and the worst of all for places that nobody should click."""
        world, k = self.world, self.world.slate_size
        if world.num_items <= 12 * k:
            return np.tile(np.arange(world.num_items), (len(state.step), 1))
        scores, found = world.scores(state), []
        for topic in range(world.num_topics):
            of_topic = np.flatnonzero(world.main_topics == topic)
            if of_topic.size:
                found.append(of_topic[top_k(scores[:, of_topic], min(k, of_topic.size))])
        return np.hstack([*found, top_k(-scores, k)])

    def _fill(self, state: SardineState, items: NDArray[np.int64], relevance: Float) -> NDArray[np.int64]:
        """Columns of ``items`` by rank, (users, slate_size)."""
        users = np.arange(len(items))
        topics = self.world.main_topics[items].astype(np.int64)  # (users, candidates)
        old = self._old_clicks(state)  # (users, topics)
        threshold = self.world.config.boredom_threshold
        sums = np.zeros((*old.shape, threshold + 1), np.float32)  # P(clicks on a topic = n), n up to the threshold
        np.put_along_axis(sums, np.minimum(old, threshold)[..., None], 1.0, axis=2)
        mean = old.astype(np.float32)
        ahead = np.clip(self.horizon - state.step, 0, self.world.config.boredom_window)[:, None]  # (users, 1)
        worth = np.float32(1.0) - self.weights.thrift * self._strength[items] * (ahead > 0)
        taken = np.zeros(items.shape, np.bool_)
        picks = np.empty((len(items), len(self._ranks)), np.int64)
        for rank, propensity in enumerate(self._ranks):
            price = self.weights.boredom * ahead * sums[:, :, threshold - 1]
            price = price + self.weights.balance * (ahead > 0) * mean / (threshold - 1 or 1)
            gain = relevance * (worth - np.take_along_axis(price, topics, axis=1))
            gain[taken] = -np.inf
            picks[:, rank] = pick = gain.argmax(axis=1)
            taken[users, pick] = True
            chance, topic = propensity * relevance[users, pick], topics[users, pick]
            mean[users, topic] += chance
            sums[users, topic] = _one_more(sums[users, topic], chance[:, None])
        return picks

    def _old_clicks(self, state: SardineState) -> NDArray[np.int64]:
        """Logged clicks on every topic that will still be logged after this slate, (users, topics)."""
        config, log = self.world.config, state.boredom
        memory = config.recent_clicks
        newer = (log.head[:, None] - 1 - np.arange(memory)) % memory  # clicks since, (users, recent_clicks)
        stays = (log.age < config.boredom_window) & (newer < memory - self.weights.turnover)
        old = np.zeros((len(log.head), self.world.num_topics), np.int64)
        for slot in range(memory):
            users = np.flatnonzero(stays[:, slot] & (log.topics[:, slot] >= 0))
            old[users, log.topics[users, slot]] += 1
        return old


def _one_more(sums: Float, chance: Float) -> Float:
    """Distribution of a sum (users, values) with one more Bernoulli variable (users, 1); the last value stays."""
    after = sums * (np.float32(1.0) - chance)
    after[:, 1:] += sums[:, :-1] * chance
    after[:, -1] += sums[:, -1] * chance[:, 0]
    return after
