"""Run folders: training to one, checkpoints, and loading policies from one.

Imports of agents: policy, known, catalogues, setup, evaluation, logbook, snapshots, ranker, networks, oracles, ppo,
slateq, rivals, stock, worlds.
"""
