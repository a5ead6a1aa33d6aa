"""Gymnasium environments over the simulated worlds. Importing this module registers them."""

import gymnasium

from driftrec.envs.news import NewsEnv, NewsVectorEnv, news_world
from driftrec.envs.recsim_interest_evolution import (
    InterestEvolutionEnv,
    InterestEvolutionVectorEnv,
    interest_evolution_world,
)
from driftrec.envs.recsim_interest_exploration import (
    InterestExplorationEnv,
    InterestExplorationVectorEnv,
    interest_exploration_world,
)
from driftrec.envs.recsim_long_term_satisfaction import (
    LongTermSatisfactionEnv,
    LongTermSatisfactionVectorEnv,
    long_term_satisfaction_world,
)

__all__ = [
    "InterestEvolutionEnv",
    "InterestEvolutionVectorEnv",
    "InterestExplorationEnv",
    "InterestExplorationVectorEnv",
    "LongTermSatisfactionEnv",
    "LongTermSatisfactionVectorEnv",
    "NewsEnv",
    "NewsVectorEnv",
    "interest_evolution_world",
    "interest_exploration_world",
    "long_term_satisfaction_world",
    "news_world",
]

if "driftrec/News-v0" not in gymnasium.registry:
    gymnasium.register(
        "driftrec/News-v0",
        entry_point="driftrec.envs.news:NewsEnv",
        vector_entry_point="driftrec.envs.news:NewsVectorEnv",
    )

for _name, _module in {
    "InterestEvolution": "recsim_interest_evolution",
    "InterestExploration": "recsim_interest_exploration",
    "LongTermSatisfaction": "recsim_long_term_satisfaction",
}.items():
    if f"driftrec/RecSim-{_name}-v0" not in gymnasium.registry:
        gymnasium.register(
            f"driftrec/RecSim-{_name}-v0",
            entry_point=f"driftrec.envs.{_module}:{_name}Env",
            vector_entry_point=f"driftrec.envs.{_module}:{_name}VectorEnv",
        )
