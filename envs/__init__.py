"""Gymnasium environments over the simulated worlds. Importing this module registers them."""

import gymnasium

from driftrec.envs.news import NewsEnv, NewsVectorEnv, news_world
from driftrec.envs.sardine import SardineEnv, SardineVectorEnv, sardine_world
from driftrec.simulators.published.sardine_config import PUBLISHED as _SARDINE

__all__ = ["NewsEnv", "NewsVectorEnv", "SardineEnv", "SardineVectorEnv", "news_world", "sardine_world"]

if "driftrec/News-v0" not in gymnasium.registry:
    gymnasium.register(
        "driftrec/News-v0",
        entry_point="driftrec.envs.news:NewsEnv",
        vector_entry_point="driftrec.envs.news:NewsVectorEnv",
    )

for _world in _SARDINE:
    if f"driftrec/Sardine-{_world}-v0" not in gymnasium.registry:
        gymnasium.register(
            f"driftrec/Sardine-{_world}-v0",
            entry_point="driftrec.envs.sardine:SardineEnv",
            vector_entry_point="driftrec.envs.sardine:SardineVectorEnv",
            kwargs={"world": _world},
        )
