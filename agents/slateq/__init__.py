"""SlateQ on a fitted ranker: values of clicks, serving with exploration, a replay buffer, training.

Imports of agents: policy, setup, baselines, evaluation, snapshots, ranker.
"""
