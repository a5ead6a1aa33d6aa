"""What could be made of past responses at best, in interest exploration: Bayes' rule over what users there are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines.common import check_scores, top_k
from driftrec.agents.policy import Observation, Slates
from driftrec.simulators.published.recsim_choice import WeighedChoice
from driftrec.simulators.published.recsim_interest_exploration import (
    InterestExplorationConfig,
    InterestExplorationWorld,
)
from driftrec.simulators.vectors import Double


class Bayes:
    """The slate likeliest to be clicked, by the posterior over users given all of a user's responses.

    It knows how users are drawn and how they choose, as no recommender does, but not the user, so it is no oracle; what
    it earns is about what can be earned without being told. It does not explore, which pays nothing here.

    Hypotheses h are the users of ``hypotheses``; w_hi is the weight of item i, w_0 that of clicking nothing:

        P(h | responses) ~ P(h) prod_t w_h,clicked(t) / (w_0 + sum_i w_hi),   sum_h P(h | ...) P(click | h, slate) max

    Of a topic's items a better one is likelier to be clicked whoever the user is, so the best slate holds the best m
    of topic 0 and the best k - m of topic 1 for some m.

    Args:
        world: Whose users choose by weights.
        points: Of quadrature, an affinity.

    Raises:
        TypeError: If they choose otherwise.
    """

    def __init__(self, world: InterestExplorationWorld, points: int = 5) -> None:
        if not isinstance(world.choice, WeighedChoice):
            raise TypeError(f"choice is {type(world.choice).__name__}; Bayes needs one by weights, as a logit is.")
        self._choice, self._slate_size = world.choice, world.slate_size
        self._affinity, prior = hypotheses(world.config, points)
        self._log_prior = np.log(np.maximum(prior, np.finfo(prior.dtype).tiny))  # a share of users may be 0

    def reset(self, num_users: int, seed: int) -> None:
        """Forget all users; nothing is random."""
        self._log_chance = np.tile(self._log_prior, (num_users, 1))  # (users, hypotheses)

    def act(self, observation: Observation) -> Slates:
        """Slates, (users, slate_size)."""
        self._learn(observation)
        candidates, posterior = observation["candidates"], self.posterior()
        options = self._options(candidates)  # (users, slate_size + 1, slate_size)
        chances = [self._chance(candidates, posterior, slates) for slates in np.moveaxis(options, 1, 0)]
        each = np.stack(chances, axis=1)  # (users, slate_size + 1)
        check_scores(each)
        best = np.argmax(each, axis=1)
        slates: Slates = options[np.arange(len(best)), best]
        return slates

    def posterior(self) -> Double:
        """Chances of the hypotheses, (users, hypotheses)."""
        chance = np.exp(self._log_chance - self._log_chance.max(axis=1, keepdims=True))
        normalised: Double = chance / chance.sum(axis=1, keepdims=True)
        return normalised

    def _learn(self, observation: Observation) -> None:
        """From the response to the last slate, if there was one."""
        last = slice(-self._slate_size, None)
        topic, clicked = observation["cluster"][:, last], observation["clicked"][:, last] > 0
        weights = self._weights(topic.clip(0), observation["quality"][:, last])
        taken = np.where(clicked[..., None], weights, 0.0).sum(axis=1)
        taken = np.where(clicked.any(axis=1, keepdims=True), taken, self._choice.no_click)
        likelihood = taken / (weights.sum(axis=1) + self._choice.no_click)  # (users, hypotheses)
        self._log_chance += np.log(np.where(topic[:, :1] >= 0, likelihood, 1.0))

    def _options(self, candidates: NDArray[np.float32]) -> Slates:
        """The best m of topic 0 and then of topic 1, m from 0 up; others where a topic has too few."""
        k, quality = self._slate_size, candidates[..., 2]
        first, second = (top_k(quality - 1e3 * (candidates[..., topic] == 0), k) for topic in (0, 1))
        return np.stack([np.concatenate([first[:, :m], second[:, : k - m]], axis=1) for m in range(k + 1)], axis=1)

    def _chance(self, candidates: NDArray[np.float32], posterior: Double, slates: Slates) -> Double:
        """Of a click on ``slates`` (users, slate_size), by the posterior, (users,); -1 where an item is there twice."""
        shown = np.take_along_axis(candidates, slates[..., None], axis=1)
        total = self._weights(shown[..., 1].astype(np.int64), shown[..., 2]).sum(axis=1)  # (users, hypotheses)
        chance: Double = (posterior * total / (total + self._choice.no_click)).sum(axis=1)
        in_order = np.sort(slates, axis=1)
        return np.where((in_order[:, 1:] == in_order[:, :-1]).any(axis=1), -1.0, chance)

    def _weights(self, topic: NDArray[Any], quality: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of items, both (users, items), to every hypothesis: (users, items, hypotheses)."""
        scores = self._affinity.T[topic] + quality[..., None]  # (users, items, hypotheses)
        return self._choice.weights(scores)


def hypotheses(config: InterestExplorationConfig, points: int) -> tuple[NDArray[np.float32], Double]:
    """Users by Gauss-Hermite quadrature: both types, and ``points`` values of either log affinity.

    Returns:
        Affinities, (2 * points**2, topics), and their chances, (2 * points**2,).
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    weights = weights / weights.sum()
    of_two = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)  # (points**2, topics)
    affinity = np.exp(config.affinity_means()[:, None] + config.affinity_stddev * of_two)  # (types, points**2, topics)
    shares = np.array([config.type_0_share, 1.0 - config.type_0_share])
    chance = shares[:, None] * np.outer(weights, weights).ravel()
    return affinity.reshape(-1, 2).astype(np.float32), chance.ravel()
