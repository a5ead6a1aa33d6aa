"""How fast and how large: benchmarks by what they measure, put together by ``suite``. Imports nothing by itself.

Imports of agents: policy, text, catalogues, setup, baselines, evaluation, ranker, networks, ppo, worlds, runs,
verification.
"""
