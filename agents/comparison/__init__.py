"""Policies beside each other on the same users: comparing, and tuning.

Imports of agents: policy, known, engines, setup, evaluation, logbook, snapshots, oracles, worlds, runs, registry.
"""
