"""Pictures of a comparison, as functions of its tables; ``summary`` is what ``summarise`` returned.

Imports of agents: known, evaluation.
"""
