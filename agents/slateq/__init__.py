"""SlateQ on a fitted ranker, and what learning Q from a replay buffer takes.

Imports of agents: policy, setup, baselines, evaluation, ranker.
"""
