"""From texts to vectors: language models, pooling, and a cache on disk. Knows nothing of worlds.

Imports of agents: engines.
"""
