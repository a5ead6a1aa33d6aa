"""A published world by its environment id, and all that a run must know of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from driftrec.agents.policy import Context
from driftrec.agents.setup import WorldArgs, make_env, resolved
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.news import NewsWorld
from driftrec.simulators.world import World

LONGEST = 1000
"""Steps after which an episode is cut, for training and comparison, where the world alone ends it."""


def context_of(world: World[Any]) -> Context:
    """What a recommender may know: features of the items in place of text embeddings.

    Where candidates come with the request nothing is known of them before: the embeddings are NaN.
    """
    features, num_items = world.item_features, world.num_items
    items = np.full((num_items, 1), np.nan, np.float32) if features is None else features
    titles = tuple(f"Item {number}" for number in range(num_items))
    people = np.zeros((1, 1), np.float32)
    return Context(world.slate_size, items, people, np.ones(num_items, np.float32), titles)


@dataclass(frozen=True)
class PublishedSetup:
    """A world without texts.

    Attributes:
        args: Which world.
        world: The simulator.
        horizon: Steps of an episode.
    """

    args: WorldArgs
    world: World[Any]
    horizon: int

    @property
    def slate_size(self) -> int:
        """Positions in a slate."""
        return self.world.slate_size

    @property
    def context(self) -> Context:
        """What a recommender may know, see ``context_of``."""
        return context_of(self.world)

    @property
    def note(self) -> str:
        """What makes figures other than the published ones, in words; empty where nothing is known to."""
        generated = getattr(self.world, "item_source", None) == "generated"
        return "Items are generated; published figures are of those in sardine-rec (extra peers)." if generated else ""

    def envs(self, num_envs: int) -> RecommendationVectorEnv:
        """Native environments of the same world with "SameStep" autoreset, for training."""
        return RecommendationVectorEnv(self.world, num_envs, self.horizon, AutoresetMode.SAME_STEP)

    def fingerprints(self) -> dict[str, str]:
        """Hashes of what a checkpoint's weights mean nothing without: items, world and observation.

        Parameters of the world are not in it, so that a policy can be met with others than it was trained with.
        """
        features = self.world.item_features
        items = b"drawn for every request" if features is None else np.ascontiguousarray(features).tobytes()
        fields = {name: (field.shape, str(field.dtype)) for name, field in self.world.fields.items()}
        told = json.dumps([self.args.world, fields], sort_keys=True, default=str)
        return {"items": hashlib.sha256(items).hexdigest(), "world": hashlib.sha256(told.encode()).hexdigest()}


def set_up_published(args: WorldArgs) -> PublishedSetup:
    """Make a published world; errors as of ``make_env``.

    Raises:
        ValueError: Also if the world is one of texts, or a slate has more positions than there are items.
    """
    env = make_env(args)
    if isinstance(env.world, NewsWorld):
        raise ValueError(f"{args.world} has texts; call set_up.")
    if env.world.slate_size > env.world.num_items:
        raise ValueError(
            f"slate_size is {env.world.slate_size}, with {env.world.num_items} items to choose from. Lower it."
        )
    return PublishedSetup(resolved(args, env), env.world, env.horizon or LONGEST)
