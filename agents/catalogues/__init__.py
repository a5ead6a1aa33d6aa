"""Users' own items: reading files, deriving a simulated audience, catalogue folders with embeddings.

Imports of agents: policy, text.
"""
