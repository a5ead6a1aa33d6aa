"""Comparing policies: results tables, intervals, summaries and plots. Only ``play`` runs a policy.

Imports of agents: policy, known, baselines.
"""
