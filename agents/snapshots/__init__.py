"""What a training that was cut short goes on from: files that hold all that changes, whole or refused.

Imports of agents: evaluation.
"""
