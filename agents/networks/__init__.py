"""Networks that read users and items: rankers of texts and of features, with their encoders.

Imports of agents: policy, retrieval, catalogues, beliefs, ranker.
"""
