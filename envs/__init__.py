"""Gymnasium environments over the simulated worlds, and wrappers. Importing this module registers the worlds."""

from collections.abc import Mapping
from typing import Any

import gymnasium

from driftrec.envs.fitted import FittedEnv, FittedVectorEnv, fitted_world
from driftrec.envs.music import MusicEnv, MusicVectorEnv, music_world
from driftrec.envs.news import NewsEnv, NewsVectorEnv, news_world
from driftrec.envs.news_stream import NewsStreamEnv, NewsStreamVectorEnv, news_stream_world
from driftrec.envs.one_item import OneItem, OneItemLanes
from driftrec.envs.picks import Picks, PicksLanes
from driftrec.envs.recsim_interest_evolution import (
    InterestEvolutionEnv,
    InterestEvolutionVectorEnv,
    interest_evolution_world,
)
from driftrec.envs.recsim_interest_exploration import (
    InterestExplorationEnv,
    InterestExplorationVectorEnv,
    interest_exploration_world,
)
from driftrec.envs.recsim_long_term_satisfaction import (
    LongTermSatisfactionEnv,
    LongTermSatisfactionVectorEnv,
    long_term_satisfaction_world,
)
from driftrec.envs.sardine import SardineEnv, SardineVectorEnv, sardine_world
from driftrec.envs.shop import ShopEnv, ShopVectorEnv, shop_world
from driftrec.envs.video import VideoEnv, VideoVectorEnv, video_world
from driftrec.simulators.published.sardine_config import PUBLISHED as SARDINE

__all__ = [
    "FittedEnv",
    "FittedVectorEnv",
    "InterestEvolutionEnv",
    "InterestEvolutionVectorEnv",
    "InterestExplorationEnv",
    "InterestExplorationVectorEnv",
    "LongTermSatisfactionEnv",
    "LongTermSatisfactionVectorEnv",
    "MusicEnv",
    "MusicVectorEnv",
    "NewsEnv",
    "NewsStreamEnv",
    "NewsStreamVectorEnv",
    "NewsVectorEnv",
    "OneItem",
    "OneItemLanes",
    "Picks",
    "PicksLanes",
    "SardineEnv",
    "SardineVectorEnv",
    "ShopEnv",
    "ShopVectorEnv",
    "VideoEnv",
    "VideoVectorEnv",
    "fitted_world",
    "interest_evolution_world",
    "interest_exploration_world",
    "long_term_satisfaction_world",
    "music_world",
    "news_stream_world",
    "news_world",
    "sardine_world",
    "shop_world",
    "video_world",
]


def _register(name: str, classes: str, kwargs: Mapping[str, Any]) -> None:
    """Register driftrec/``name``-v0: ``classes`` is module:prefix of the Env and the VectorEnv."""
    identifier = f"driftrec/{name}-v0"
    if identifier not in gymnasium.registry:
        gymnasium.register(
            identifier,
            entry_point=f"driftrec.envs.{classes}Env",
            vector_entry_point=f"driftrec.envs.{classes}VectorEnv",
            kwargs=dict(kwargs),
        )


_register("News", "news:News", {})
_register("NewsStream", "news_stream:NewsStream", {})
_register("Music", "music:Music", {})
_register("Video", "video:Video", {})
_register("Shop", "shop:Shop", {})
_register("Fitted", "fitted:Fitted", {})
_register("RecSim-InterestEvolution", "recsim_interest_evolution:InterestEvolution", {})
_register("RecSim-InterestExploration", "recsim_interest_exploration:InterestExploration", {})
_register("RecSim-LongTermSatisfaction", "recsim_long_term_satisfaction:LongTermSatisfaction", {})
for _world in SARDINE:
    _register(f"Sardine-{_world}", "sardine:Sardine", {"world": _world})
