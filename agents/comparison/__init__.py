"""Policies beside each other on the same users: comparing, tuning, and the studies behind results/.

Imports of agents: policy, known, setup, evaluation, oracles, worlds, runs, registry.
"""
