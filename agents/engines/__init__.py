"""Where jobs run, in this process or as tasks of a Ray cluster; and where networks compute. Nobody else knows which.

Imports of agents: none.
"""
