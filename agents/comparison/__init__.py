"""Policies beside each other on the same users: comparing, tuning, and the studies behind results/.

Imports of agents: policy, known, setup, evaluation, logbook, oracles, worlds, runs, registry.
"""
