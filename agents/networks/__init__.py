"""Networks that judge items for users: a ranker of texts, and one of features.

Imports of agents: policy, retrieval, beliefs, ranker, encoders.
"""
