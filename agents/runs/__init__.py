"""Run folders: training to one, checkpoints, and loading policies from one.

Imports of agents: policy, known, catalogues, setup, evaluation, logbook, snapshots, ranker, encoders, oracles, ppo,
slateq, rivals, stock, worlds.
"""
