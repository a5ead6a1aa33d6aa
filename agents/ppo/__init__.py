"""PPO that picks slates item by item, on top of what a fitted ranker makes of a request.

Imports of agents: policy, retrieval, baselines, evaluation, snapshots, ranker.
"""
