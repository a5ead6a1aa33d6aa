"""Pictures of a comparison, as functions of its tables.

Imports of agents: known, evaluation.
"""
