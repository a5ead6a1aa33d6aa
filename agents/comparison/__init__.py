"""Policies beside each other on the same users: comparing, tuning, and the studies behind results/.

Imports of agents: policy, known, engines, setup, evaluation, logbook, snapshots, oracles, worlds, runs, registry.
"""
