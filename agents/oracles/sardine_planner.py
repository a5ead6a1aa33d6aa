"""The boredom-aware planner of SARDINE: full information, a quota of clicks for every main topic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines.common import check_scores, top_k
from driftrec.agents.oracles.sardine_oracles import told
from driftrec.agents.policy import Observation, Slates
from driftrec.simulators.published.sardine import SardineState, SardineWorld
from driftrec.simulators.vectors import Float


@dataclass(frozen=True)
class QuotaWeights:
    """What a click costs the planner beside what it earns, 1.

    Attributes:
        boredom: Clicks lost a step, while the user is bored. >= 0.
        balance: Price of a click on a topic whose quota is used up in the mean. >= 0.
        turnover: Factor on the chances of the best slate's clicks, which are assumed to push old ones out of a full
            log. Above 1 it makes up for taking pushes and clicks on a topic as independent. >= 0.
        thrift: Price of the influence of an item twice as strong as the mean item's. >= 0.
    """

    boredom: float = 8.0
    balance: float = 0.2
    turnover: float = 1.2
    thrift: float = 0.0


TUNED = {
    "SingleItem-Static": QuotaWeights(),
    "SingleItem-BoredInf": QuotaWeights(boredom=7.4, balance=0.0, turnover=1.0, thrift=2.3),
    "SingleItem-Uncertain": QuotaWeights(),
    "SlateTopK-Bored": QuotaWeights(boredom=19.6, balance=0.235, turnover=1.44, thrift=0.0),
    "SlateTopK-BoredInf": QuotaWeights(boredom=0.68, balance=0.0, turnover=1.03, thrift=0.56),
    "SlateTopK-Uncertain": QuotaWeights(boredom=5.4, balance=0.18, turnover=1.12, thrift=0.5),
    "SlateRerank-Static": QuotaWeights(),
    "SlateRerank-Bored": QuotaWeights(boredom=0.68, balance=0.41, turnover=0.97, thrift=0.0),
}
"""By name of the published world: the best of some 40 to 150 random tries, on 300 users (reranking: 4,000).

Where nobody is ever bored nor influenced the weights price nothing, and the planner is the greedy oracle.
"""


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

    @classmethod
    def tuned(cls, world: SardineWorld, horizon: int, world_id: str) -> QuotaPlanner:
        """The planner with the weights tuned for ``world_id``, such as "driftrec/Sardine-SlateTopK-Bored-v0"."""
        return cls(world, horizon, TUNED[world_id.removeprefix("driftrec/Sardine-").removesuffix("-v0")])

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
        check_scores(score)
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
        best = np.hstack(found)
        np.put_along_axis(scores, best, np.inf, axis=1)  # so that no item is a candidate twice
        return np.hstack([best, top_k(-scores, k)])

    def _fill(self, state: SardineState, items: NDArray[np.int64], relevance: Float) -> NDArray[np.int64]:
        """Columns of ``items`` by rank, (users, slate_size)."""
        users, topics = np.arange(len(items)), self.world.main_topics[items].astype(np.int64)
        sums = self._old_clicks(state, relevance)  # (users, topics, threshold + 1)
        values = np.arange(sums.shape[2], dtype=np.float32)
        config = self.world.config
        ahead = np.clip(self.horizon - state.step, 0, config.boredom_window)[:, None]  # (users, 1)
        fear = ahead * (config.boredom_threshold <= config.recent_clicks)  # no log holds more clicks than that
        worth = np.float32(1.0) - self.weights.thrift * self._strength[items] * (ahead > 0)
        taken = np.zeros(items.shape, np.bool_)
        picks = np.empty((len(items), len(self._ranks)), np.int64)
        for rank, propensity in enumerate(self._ranks):
            used = sums @ values / max(values[-2], 1.0)
            price = fear * (self.weights.boredom * sums[:, :, -2]) + self.weights.balance * (fear > 0) * used
            gain = relevance * (worth - np.take_along_axis(price, topics, axis=1))
            gain[taken] = -np.inf
            picks[:, rank] = pick = gain.argmax(axis=1)
            taken[users, pick] = True
            topic = topics[users, pick]
            sums[users, topic] = one_more(sums[users, topic], propensity * relevance[users, pick])
        return picks

    def _old_clicks(self, state: SardineState, relevance: Float) -> Float:
        """Distribution of the old clicks on every topic that count on, (users, topics, threshold + 1).

        The clicks of this slate push the oldest out of a full log. Their number is taken to be that of the slate of
        highest relevance, each click with ``turnover`` times its chance.
        """
        config, log = self.world.config, state.boredom
        memory, users = config.recent_clicks, np.arange(len(relevance))
        pushes = np.zeros((len(users), memory + 1), np.float32)  # P(so many clicks come)
        pushes[:, 0] = 1.0
        best = -np.sort(-relevance, axis=1)[:, : len(self._ranks)] * self._ranks
        for chances in best.T:
            pushes = one_more(pushes, np.minimum(self.weights.turnover * chances, np.float32(1.0)))
        counts = np.zeros((len(users), self.world.num_topics), np.int64)
        sums = np.zeros((*counts.shape, config.boredom_threshold + 1), np.float32)
        every = users[:, None], np.arange(self.world.num_topics)[None]
        sums[(*every, counts)] += pushes[:, memory:]
        for newer in range(memory):  # from the newest click to the oldest: as many are newer
            slot = (log.head - 1 - newer) % memory
            topic = log.topics[users, slot]
            counts[users, topic] += (topic >= 0) & (log.age[users, slot] < config.boredom_window)
            left = memory - 1 - newer
            sums[(*every, np.minimum(counts, config.boredom_threshold))] += pushes[:, left : left + 1]
        return sums


def one_more(sums: Float, chance: Float) -> Float:
    """Distribution of a sum, (users, values), with one more Bernoulli variable, (users,); the last value stays."""
    chance = chance[:, None]
    after = sums * (np.float32(1.0) - chance)
    after[:, 1:] += sums[:, :-1] * chance
    after[:, -1:] += sums[:, -1:] * chance
    return after
