"""What a policy is good at: a battery of small experiments, each 0 at random and 1 at a reference.

Imports of agents: policy, known, setup, baselines, evaluation, worlds, runs, comparison, benchmarks.
"""
