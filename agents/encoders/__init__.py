"""What networks make of items and of users: tables of vectors, fading memories, logs of pages, the user in words.

Imports of agents: policy, catalogues, ranker.
"""
