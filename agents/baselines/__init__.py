"""Policies to beat: random, popular, content-based, a linear bandit, and any of them with a random slate now and then.

Imports of agents: policy, retrieval.
"""

from driftrec.agents.baselines.content import Content, EpsilonContent
from driftrec.agents.baselines.epsilon import Epsilon
from driftrec.agents.baselines.linucb import LinUCB
from driftrec.agents.baselines.nonpersonalised import Popular, Random

__all__ = ["Content", "Epsilon", "EpsilonContent", "LinUCB", "Popular", "Random"]
