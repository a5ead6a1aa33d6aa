"""Policies with full information: the most that myopia can earn, and a planner for the long term.

Imports of agents: policy, text, retrieval, baselines, evaluation, ranker.
"""

from driftrec.agents.oracles.planner import MyopicOracle, Planner, PlannerWeights

__all__ = ["MyopicOracle", "Planner", "PlannerWeights"]
