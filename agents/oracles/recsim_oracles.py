"""The policies that RecSim's figures were measured with, each built from its world.

Those that are told the true state are oracles (see ``driftrec.agents.policy.Oracle``); the others go by the
published observation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from driftrec.agents.oracles.told import Told
from driftrec.agents.oracles.top import Scores, TopSeen, TopTrue
from driftrec.agents.policy import Observation, Slates
from driftrec.agents.ranker.slate_optimiser import optimal_slates
from driftrec.simulators.published.recsim_interest_evolution import InterestEvolutionWorld
from driftrec.simulators.published.recsim_interest_exploration import InterestExplorationWorld
from driftrec.simulators.published.recsim_long_term_satisfaction import LongTermSatisfactionWorld
from driftrec.simulators.world import AppraisedWorld


class BudgetPlanner(Told):
    """The slate that maximises E[minutes + lam * change of the budget] in interest evolution: an oracle.

    With v the sum of both for every outcome, w the weights of the choice, and 0 for no click, the expectation is

        (sum_i w_i v_i + w_0 v_0) / (sum_i w_i + w_0) = v_0 + sum_i w_i (v_i - v_0) / (sum_i w_i + w_0).

    Args:
        world: The world; its users choose by weights.
        lam: What a minute of budget is worth in minutes watched. 0 is myopic.
    """

    def __init__(self, world: InterestEvolutionWorld, lam: float = 0.95) -> None:
        self._world = world
        self._lam = lam

    def act(self, observation: Observation) -> Slates:
        """Best slates, (users, slate_size)."""
        view = self._world.appraise(self.state)
        clicked = view.engagement + np.float32(self._lam) * self._world.budget_change(self.state)
        gain = clicked + np.float32(self._lam * self._world.config.step_penalty)
        return optimal_slates(view.attraction, gain, view.no_click, view.positions)


def top_quality(world: InterestEvolutionWorld | InterestExplorationWorld) -> TopTrue:
    """By the candidates' true quality, whatever the user likes."""
    return TopTrue(world.slate_size, lambda state: state.quality)


def greedy_score(world: AppraisedWorld[Any]) -> TopTrue:
    """By the true weight in the choice: what is likeliest to be clicked."""
    return TopTrue(world.slate_size, lambda state: world.appraise(state).attraction)


def affinity_and_quality(world: InterestEvolutionWorld, weight: float = 0.3) -> TopTrue:
    """By (affinity + 1) (1 + weight * quality), a rule of thumb for interest evolution."""
    return TopTrue(world.slate_size, lambda s: world.appraise(s).attraction * (1 + np.float32(weight) * s.quality))


def average_user(world: InterestExplorationWorld) -> TopSeen:
    """By what the average user would think: RecSim's ``GreedyPCTRAgent`` with the prior over users as its belief."""
    first, second = world.config.average_affinity()

    def score(observation: Observation) -> Scores:
        seen = observation["candidates"]  # (users, candidates, 3)
        expected: Scores = first * seen[..., 0] + second * seen[..., 1] + seen[..., 2]
        return expected

    return TopSeen(world.slate_size, score)


def nearest_clickbait(world: LongTermSatisfactionWorld, target: float) -> TopSeen:
    """By how near a candidate's clickbait is to ``target``: 1 for most clickbait, 0 for least."""
    return TopSeen(world.slate_size, lambda seen: -np.abs(seen["candidates"][..., 0] - np.float32(target)))
