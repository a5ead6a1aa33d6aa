"""Figures that were published of worlds, or measured in their originals: what each is, and how it is measured here.

Imports of agents: policy, setup, baselines, evaluation, oracles.
"""
