"""Where jobs run, here, in several processes or on a Ray cluster; and where networks compute. Nobody else knows which.

Imports of agents: none.
"""
