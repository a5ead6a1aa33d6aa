"""RecSim's figures, measured with the original code, and how to measure ours beside them.

All are mean returns of an episode: minutes watched, clicks in 100 steps, or engagement. Those with a standard error
are worlds.md 8.11 (600 episodes, seed 0) and, from the spread over 5 seeds of 40 episodes, 8.2; the others were given
without, and their error is worked out from our own spread at their number of episodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from driftrec.agents.baselines import Random
from driftrec.agents.oracles import recsim_oracles
from driftrec.agents.setup import context_of
from driftrec.agents.verification import figures
from driftrec.agents.verification.figures import Figure, Measurement, Policies, of_seeds

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


def measure(figure: Figure, episodes: int, seed: int) -> Measurement:
    """Play a figure of RecSim in our world, see ``figures.measure``."""
    return figures.measure(figure, POLICIES, episodes, seed)


def _rows(
    world: str,
    settings: Mapping[str, Any],
    episodes: int,
    source: str,
    rows: Mapping[str, tuple[float, float | None]],
) -> list[Figure]:
    return [Figure(world, settings, policy, episodes, *row, source) for policy, row in rows.items()]


_TWO_OF_TEN = {"slate_size": 2, "num_candidates": 10}
_THREE_OF_TEN = {"slate_size": 3, "num_candidates": 10}
_ONE_OF_TWENTY = {"slate_size": 1, "num_candidates": 20}
_FIVE_OF_FIFTY = {"slate_size": 5, "num_candidates": 50}
_FIVE_OF_TWENTY = {"slate_size": 5, "num_candidates": 20}
_CUT = {"horizon": 100}
_TIGHT, _TABLE, _SHORT, _CLICKBAIT = "worlds.md 8.11", "worlds.md 8.2", "worlds.md 8.3", "worlds.md 8.4"

FIGURES: tuple[Figure, ...] = (
    *_rows(
        EVOLUTION,
        _TWO_OF_TEN,
        600,
        _TIGHT,
        {"random": (154.10, 0.47), "greedy score": (165.27, 1.08), "top quality": (281.97, 2.22)},
    ),
    *_rows(
        EVOLUTION,
        _FIVE_OF_FIFTY,
        600,
        _TIGHT,
        {"random": (165.20, 0.47), "greedy score": (178.71, 2.21), "top quality": (469.77, 7.37)},
    ),
    *_rows(
        EVOLUTION,
        _THREE_OF_TEN,
        200,
        _TABLE,
        {
            "random": (160.6, of_seeds(2.1)),
            "greedy score": (166.9, of_seeds(2.9)),
            "top quality": (268.3, of_seeds(8.1)),
            "affinity and quality": (220.3, None),
            "planner 0": (166.3, of_seeds(2.8)),
            "planner 0.5": (246.4, None),
            "planner 0.8": (272.8, None),
            "planner 0.95": (276.2, of_seeds(6.9)),
        },
    ),
    *_rows(
        EVOLUTION,
        _TWO_OF_TEN,
        200,
        _TABLE,
        {
            "random": (154.9, of_seeds(1.4)),
            "greedy score": (165.8, of_seeds(4.9)),
            "top quality": (283.4, of_seeds(7.0)),
            "affinity and quality": (241.3, None),
            "planner 0": (164.8, None),
            "planner 0.5": (258.6, None),
            "planner 0.8": (283.9, None),
            "planner 0.95": (291.1, None),
        },
    ),
    *_rows(
        EVOLUTION,
        _ONE_OF_TWENTY,
        200,
        _TABLE,
        {
            "random": (138.5, of_seeds(0.7)),
            "greedy score": (171.7, of_seeds(13.8)),
            "top quality": (320.1, of_seeds(24.0)),
            "affinity and quality": (328.1, None),
            "planner 0": (171.9, None),
            "planner 0.5": (342.0, None),
            "planner 0.8": (361.0, None),
            "planner 0.95": (373.0, None),
        },
    ),
    *_rows(
        EXPLORATION,
        {**_TWO_OF_TEN, **_CUT},
        600,
        _TIGHT,
        {"random": (23.24, 0.21), "greedy score": (39.00, 0.34), "average user": (38.41, 0.36)},
    ),
    *_rows(
        EXPLORATION,
        {**_FIVE_OF_FIFTY, **_CUT},
        600,
        _TIGHT,
        {"random": (43.31, 0.27), "greedy score": (67.70, 0.42), "average user": (66.89, 0.46)},
    ),
    *_rows(
        EXPLORATION,
        {**_TWO_OF_TEN, **_CUT},
        200,
        _SHORT,
        {
            "random": (23.7, None),
            "top quality": (39.3, None),
            "average user": (39.3, None),
            "greedy score": (39.8, None),
        },
    ),
    *_rows(
        EXPLORATION,
        {**_FIVE_OF_TWENTY, **_CUT},
        200,
        _SHORT,
        {
            "random": (42.8, None),
            "top quality": (60.5, None),
            "average user": (60.5, None),
            "greedy score": (61.2, None),
        },
    ),
    *_rows(
        SATISFACTION,
        _TWO_OF_TEN,
        600,
        _TIGHT,
        {"random": (941.2, 6.7), "most clickbait": (1107.7, 7.8), "least clickbait": (779.4, 5.5)},
    ),
    *_rows(
        SATISFACTION,
        _FIVE_OF_FIFTY,
        600,
        _TIGHT,
        {"random": (942.8, 6.8), "most clickbait": (1140.1, 8.0), "least clickbait": (754.8, 5.3)},
    ),
    *_rows(
        SATISFACTION,
        _TWO_OF_TEN,
        125,
        _CLICKBAIT,
        {
            "random": (944.0, of_seeds(32.0)),
            "most clickbait": (1107.0, None),
            "least clickbait": (778.0, None),
            "medium clickbait": (931.0, None),
        },
    ),
)
"""worlds.md 8.2, 8.3, 8.4 and RecSim's part of 8.11. The episodes of 8.3 (200) and 8.4 (125, what a spread of 32 over
5 seeds means) are inferred."""
