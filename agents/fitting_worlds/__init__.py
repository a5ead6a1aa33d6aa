"""Worlds from logs: a log as lives, tastes and visits fitted to them, what is gained held-out, a world's parameters.

Imports of agents: engines, catalogues, evaluation, logbook, tastes.
"""
