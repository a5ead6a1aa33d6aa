"""Measuring policies: results tables, intervals, summaries, curves. Only ``play`` runs a policy.

Imports of agents: policy, baselines.
"""
