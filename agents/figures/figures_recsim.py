"""RecSim's figures, measured with the original code, and how to measure ours beside them.

All are mean returns of an episode: minutes watched, clicks in 100 steps, or engagement. Those with a standard error
are worlds.md 8.11 (600 episodes, seed 0) and, from the spread over 5 seeds of 40 episodes, 8.2; the others were given
without, and their error is worked out from our own spread at their number of episodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from driftrec.agents.baselines import Random
from driftrec.agents.figures.figures import Figure, Policies, of_seeds
from driftrec.agents.oracles import recsim_oracles
from driftrec.agents.setup import context_of

EVOLUTION = "driftrec/RecSim-InterestEvolution-v0"
EXPLORATION = "driftrec/RecSim-InterestExploration-v0"
SATISFACTION = "driftrec/RecSim-LongTermSatisfaction-v0"

POLICIES: Policies = {
    "random": lambda world: Random(context_of(world)),
    "greedy score": recsim_oracles.greedy_score,
    "top quality": recsim_oracles.top_quality,
    "affinity and quality": recsim_oracles.affinity_and_quality,
    "planner 0": partial(recsim_oracles.BudgetPlanner, lam=0.0),
    "planner 0.5": partial(recsim_oracles.BudgetPlanner, lam=0.5),
    "planner 0.8": partial(recsim_oracles.BudgetPlanner, lam=0.8),
    "planner 0.95": partial(recsim_oracles.BudgetPlanner, lam=0.95),
    "average user": recsim_oracles.average_user,
    "most clickbait": partial(recsim_oracles.nearest_clickbait, target=1.0),
    "medium clickbait": partial(recsim_oracles.nearest_clickbait, target=0.5),
    "least clickbait": partial(recsim_oracles.nearest_clickbait, target=0.0),
}
"""By the names of the table; each is built from its world."""


_EVERY = "random, greedy score, top quality, affinity and quality, planner 0, planner 0.5, planner 0.8, planner 0.95"
_BY_CLICKBAIT = "random, most clickbait, least clickbait"

# World, section of worlds.md: policies in the order of the figures.
_ORDER = {
    (EVOLUTION, "8.11"): "random, greedy score, top quality",
    (EVOLUTION, "8.2"): _EVERY,
    (EXPLORATION, "8.11"): "random, greedy score, average user",
    (EXPLORATION, "8.3"): "random, top quality, average user, greedy score",
    (SATISFACTION, "8.11"): _BY_CLICKBAIT,
    (SATISFACTION, "8.4"): f"{_BY_CLICKBAIT}, medium clickbait",
}

# World, positions, candidates, section: mean ± standard error (8.11) or ± spread over seeds.
_MEASURED = {
    (EVOLUTION, 2, 10, "8.11"): "154.10±0.47 165.27±1.08 281.97±2.22",
    (EVOLUTION, 5, 50, "8.11"): "165.20±0.47 178.71±2.21 469.77±7.37",
    (EVOLUTION, 3, 10, "8.2"): "160.6±2.1 166.9±2.9 268.3±8.1 220.3 166.3±2.8 246.4 272.8 276.2±6.9",
    (EVOLUTION, 2, 10, "8.2"): "154.9±1.4 165.8±4.9 283.4±7.0 241.3 164.8 258.6 283.9 291.1",
    (EVOLUTION, 1, 20, "8.2"): "138.5±0.7 171.7±13.8 320.1±24.0 328.1 171.9 342.0 361.0 373.0",
    (EXPLORATION, 2, 10, "8.11"): "23.24±0.21 39.00±0.34 38.41±0.36",
    (EXPLORATION, 5, 50, "8.11"): "43.31±0.27 67.70±0.42 66.89±0.46",
    (EXPLORATION, 2, 10, "8.3"): "23.7 39.3 39.3 39.8",
    (EXPLORATION, 5, 20, "8.3"): "42.8 60.5 60.5 61.2",
    (SATISFACTION, 2, 10, "8.11"): "941.2±6.7 1107.7±7.8 779.4±5.5",
    (SATISFACTION, 5, 50, "8.11"): "942.8±6.8 1140.1±8.0 754.8±5.3",
    (SATISFACTION, 2, 10, "8.4"): "944.0±32.0 1107.0 778.0 931.0",
}

_EPISODES = {"8.11": 600, "8.2": 200, "8.3": 200, "8.4": 125}


def _figures() -> Iterator[Figure]:
    for (world, positions, candidates, section), row in _MEASURED.items():
        settings = {"slate_size": positions, "num_candidates": candidates}
        if world == EXPLORATION:
            settings["horizon"] = 100
        for policy, cell in zip(_ORDER[world, section].split(", "), row.split(), strict=True):
            mean, _, spread = cell.partition("±")
            error = float(spread) if spread else None
            error = of_seeds(error) if error is not None and section != "8.11" else error
            yield Figure(world, settings, policy, _EPISODES[section], float(mean), error, f"worlds.md {section}")


FIGURES = tuple(_figures())
"""worlds.md 8.2, 8.3, 8.4 and RecSim's part of 8.11. The episodes of 8.3 (200) and 8.4 (125, what a spread of 32 over
5 seeds means) are inferred."""
