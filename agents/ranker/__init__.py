"""The ranker: what a user would open and what that brings, fitted to logs, served greedily or with diverse slates.

Imports of agents: policy, engines, retrieval, setup, baselines, evaluation, snapshots, beliefs.
"""
