"""The ranker: what a user would open and what that brings, fitted to logs, served greedily or with diverse slates.

Imports of agents: policy, setup, baselines, evaluation, snapshots.
"""
