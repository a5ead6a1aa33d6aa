"""Policies to beat: random, popular, content-based, and a linear bandit.

Imports of agents: policy, retrieval.
"""

from driftrec.agents.baselines.content import Content, EpsilonContent
from driftrec.agents.baselines.linucb import LinUCB
from driftrec.agents.baselines.nonpersonalised import Popular, Random

__all__ = ["Content", "EpsilonContent", "LinUCB", "Popular", "Random"]
