"""Figures of published originals, measured in our worlds.

Imports of agents: evaluation, figures, worlds.
"""
