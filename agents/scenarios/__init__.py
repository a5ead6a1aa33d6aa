"""Our own scenarios by the true state: their planners, and the rivals that a plan must beat.

Imports of agents: policy, text, baselines, evaluation, oracles.
"""
