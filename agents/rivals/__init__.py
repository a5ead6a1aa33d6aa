"""Rivals of PPO with the same information: an observation and the ranker of a run, and no policy gradient.

Imports of agents: policy, engines, setup, baselines, evaluation, snapshots, ranker, oracles, ppo.
"""
