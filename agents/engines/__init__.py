"""Where jobs run: in this process, or as tasks of a Ray cluster. Nobody else knows which.

Imports of agents: none.
"""
