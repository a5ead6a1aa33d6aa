"""Logs of served traffic as files: one documented table, written while policies serve and read with care.

Imports of agents: policy, evaluation.
"""
