"""What a policy would have earned, from the log of another: importance weights, with and without a reward model.

Imports of agents: policy, setup, baselines, evaluation, logbook, worlds, realism.
"""
