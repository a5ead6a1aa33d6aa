"""A world by its environment id, and all that a run must know of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

import driftrec.envs  # noqa: F401 (registers the worlds)
from driftrec.agents.policy import Context
from driftrec.agents.setting import Setting, load_setting
from driftrec.agents.text_encoder import TextEncoder
from driftrec.agents.true_state import truth_columns
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.news import NewsWorld
from driftrec.simulators.revealed import RevealedNews, revealed
from driftrec.simulators.settings import nearest


@dataclass(frozen=True)
class WorldArgs:
    """Which world, and how large.

    Attributes:
        world: Environment id.
        catalogue: Catalogue folder written by `driftrec encode`; the packaged news when omitted.
        slate_size: Positions in a slate.
        history: Impressions that the recommender sees.
        horizon: Steps of an episode.
        config: Changes to the world's mechanisms as JSON, such as '{"drift": {"towards": 0.1}}'.
    """

    world: str = "driftrec/News-v0"
    catalogue: str | None = None
    slate_size: int = 5
    history: int = 50
    horizon: int = 200
    config: str = "{}"

    def kwargs(self) -> dict[str, Any]:
        """Keyword arguments for ``gymnasium.make`` and ``make_vec``.

        Raises:
            ValueError: If ``config`` is not a JSON object.
        """
        try:
            config = json.loads(self.config)
        except json.JSONDecodeError as error:
            raise ValueError(f"--config is not JSON ({error}); give an object such as {{}}: {self.config}") from error
        sizes = {"slate_size": self.slate_size, "history": self.history, "horizon": self.horizon}
        return {"catalogue": self.catalogue, **sizes, "config": config}


@dataclass(frozen=True)
class WorldSetup:
    """A world with the texts and embeddings of its items and people.

    Attributes:
        args: Which world.
        world: The simulator.
        setting: Catalogue, personas and embeddings.
        withheld: True for items that policies must not show, bool, (items,); None where all may be shown.
    """

    args: WorldArgs
    world: NewsWorld
    setting: Setting
    withheld: NDArray[np.bool_] | None = None

    @property
    def context(self) -> Context:
        """What a recommender may know, and how much of the truth its observations hold."""
        truth = truth_columns(self.world) if isinstance(self.world, RevealedNews) else 0
        return replace(self.setting.context(self.args.slate_size), withheld=self.withheld, truth=truth)

    def revealed(self) -> WorldSetup:
        """The same with the users' true state in the observations."""
        return replace(self, world=revealed(self.world))

    def envs(self, num_envs: int) -> RecommendationVectorEnv:
        """Native environments of the same world with "SameStep" autoreset, for training."""
        return RecommendationVectorEnv(self.world, num_envs, self.args.horizon, AutoresetMode.SAME_STEP)


def make_world(args: WorldArgs) -> NewsWorld:
    """Make the world; no text is encoded.

    Raises:
        ValueError: If the world is unknown (the message gives the nearest) or a setting is wrong.
        FileNotFoundError: If the catalogue folder is not one.
    """
    known = [name for name in gym.registry if name.startswith("driftrec/")]
    if args.world not in known:
        raise ValueError(f"World {args.world!r} is unknown. {nearest(args.world, known)}")
    return gym.make(args.world, **args.kwargs()).unwrapped.world  # type: ignore[attr-defined]


def set_up(args: WorldArgs, encoder: TextEncoder | None = None, progress: bool = False) -> WorldSetup:
    """Make the world and load or compute its embeddings; errors as of ``make_world``."""
    world = make_world(args)
    names = [field.name for field in fields(WorldArgs)]
    args = WorldArgs(**{name: getattr(args, name) for name in names})  # of a script's arguments
    return WorldSetup(args, world, load_setting(args.catalogue, encoder, progress, (world.catalogue, world.personas)))
