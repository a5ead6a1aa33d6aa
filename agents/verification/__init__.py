"""Figures of published originals, measured in our worlds.

Imports of agents: policy, setup, baselines, evaluation, oracles.
"""
