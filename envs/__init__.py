"""Gymnasium environments over the simulated worlds. Importing this module registers them."""

import gymnasium

from driftrec.envs.news import NewsEnv, NewsVectorEnv, news_world

__all__ = ["NewsEnv", "NewsVectorEnv", "news_world"]

if "driftrec/News-v0" not in gymnasium.registry:
    gymnasium.register(
        "driftrec/News-v0",
        entry_point="driftrec.envs.news:NewsEnv",
        vector_entry_point="driftrec.envs.news:NewsVectorEnv",
    )
