"""The policies that published worlds know by name: references, and what runs of ``driftrec train`` hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines import Random
from driftrec.agents.oracles import MyopicOracle
from driftrec.agents.oracles.bayes import Bayes
from driftrec.agents.oracles.recsim import BudgetPlanner, TopSeen, TopTrue, top_quality
from driftrec.agents.oracles.sardine import GreedyOracle
from driftrec.agents.oracles.sardine_planner import QuotaPlanner
from driftrec.agents.policy import Policy
from driftrec.agents.registry import Known
from driftrec.agents.runs.published import load_best, load_ppo, load_slateq
from driftrec.agents.worlds.published_setup import PublishedSetup
from driftrec.simulators.published.recsim_interest_evolution import InterestEvolutionWorld
from driftrec.simulators.published.recsim_interest_exploration import InterestExplorationWorld
from driftrec.simulators.published.recsim_long_term_satisfaction import (
    LongTermSatisfactionState,
    LongTermSatisfactionWorld,
)
from driftrec.simulators.published.sardine import SardineWorld

BASELINES = ("random", "myopic-oracle", "planner")

KALE_PAYS = 0.067
"""Sensitivity of long_term_satisfaction above which least clickbait earns more than most; by simulation."""

CHOC_STEPS = 3
"""Last steps of such an episode, in which most clickbait pays: what it does to satisfaction comes too late."""


def known(setup: PublishedSetup) -> Known:
    """Policies by name: "quality" too where candidates have one, "bayes" where the user is all that is unknown."""
    policies = {
        "random": Random,
        "myopic-oracle": lambda context: myopic_oracle(setup),
        "planner": lambda context: planner(setup),
    }
    world = setup.world
    if isinstance(world, InterestEvolutionWorld):
        policies["quality"] = lambda context: top_quality(world)
    if isinstance(world, InterestExplorationWorld):  # which shows it
        policies["quality"] = lambda context: TopSeen(world.slate_size, lambda seen: seen["candidates"][..., 2])
        policies["bayes"] = lambda context: Bayes(world)
    loaders = {
        "myopic": lambda context, run: load_best(setup, run, farsighted=False),
        "farsighted": lambda context, run: load_best(setup, run, farsighted=True),
        "slateq": lambda context, run: load_slateq(setup, run),
        "ppo": lambda context, run: load_ppo(setup, run, greedy=True),
        "ppo-sampled": lambda context, run: load_ppo(setup, run, greedy=False),
    }
    return Known(policies, loaders)


def myopic_oracle(setup: PublishedSetup) -> Policy:
    """The slate of most expected engagement in the next step, by the true state."""
    world = setup.world
    if isinstance(world, SardineWorld):
        return GreedyOracle(world)
    if isinstance(world, LongTermSatisfactionWorld):
        return TopTrue(world.slate_size, world.expected_engagement)  # only the first position is ever opened
    assert isinstance(world, InterestEvolutionWorld | InterestExplorationWorld)
    return MyopicOracle(world)


def planner(setup: PublishedSetup) -> Policy:
    """The reference for the long term, by the true state; the myopic oracle where the next step is all there is."""
    world = setup.world
    if isinstance(world, SardineWorld):
        return QuotaPlanner.tuned(world, setup.horizon, setup.args.world)
    if isinstance(world, InterestEvolutionWorld):
        return BudgetPlanner(world)
    if isinstance(world, LongTermSatisfactionWorld) and world.config.sensitivity > KALE_PAYS:
        return TopTrue(world.slate_size, lambda state: _kale_first(world, state))
    return myopic_oracle(setup)


def _kale_first(world: LongTermSatisfactionWorld, state: LongTermSatisfactionState) -> NDArray[np.float32]:
    """Scores of candidates, (users, candidates): least clickbait first, until the last steps."""
    engagement = world.expected_engagement(state)
    return np.where(state.budget[:, None] > CHOC_STEPS, -engagement, engagement)
