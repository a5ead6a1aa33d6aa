"""Few items of a large catalogue for every request: indices of vectors, kept on disk, and what asks them.

Imports of agents: policy, text.
"""
