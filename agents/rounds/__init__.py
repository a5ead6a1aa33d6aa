"""Deployment in rounds: serve, write down, learn, evaluate, promote or not, serve again, while the world moves.

Imports of agents: policy, engines, catalogues, setup, evaluation, logbook, ranker, encoders, oracles, ppo, rivals,
worlds, runs.
"""
