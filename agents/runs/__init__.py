"""Run folders: training to one, checkpoints, and loading policies from one.

Imports of agents: policy, known, setup, evaluation, ranker, networks, ppo, slateq, stock, worlds.
"""
