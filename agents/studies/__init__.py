"""The studies behind results/: trainings and tables as data, and what is read off all of a study's tables.

Imports of agents: evaluation, worlds.
"""
