"""How fast and how large: one benchmark a file, put together by ``suite``. Imports nothing by itself.

Imports of agents: policy, text, setup, evaluation, ppo, worlds, runs, verification.
"""
