"""A kit a world: all that agents know of it beyond the contract, and nowhere else.

Imports of agents: policy, catalogues, setup, baselines, evaluation, logbook, ranker, encoders, networks, oracles,
scenarios, ppo, slateq, rivals, stock, figures.
"""
