"""Planner weights that were tuned once and are kept: packaged for the packaged world, cached for others."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict

from driftrec.agents.embedding_cache import default_cache_folder
from driftrec.agents.oracles.planner import PlannerWeights, tune_planner
from driftrec.simulators.news import NewsWorld
from driftrec.simulators.settings import as_dict

PACKAGED: dict[str, PlannerWeights] = {}
"""By ``world_key``; made with ``driftrec gap --retune --tuning-users 384 --tuning-rounds 8``."""


def world_key(world: NewsWorld, horizon: int) -> str:
    """SHA-256 of all that the best weights depend on: items, audience, mechanisms, sizes, horizon."""
    parts = [
        world.catalogue.fingerprint(),
        world.personas.fingerprint(),
        json.dumps(as_dict(world.config), sort_keys=True),
        str((world.slate_size, horizon)),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def planner_weights(
    world: NewsWorld,
    horizon: int,
    *,
    retune: bool = False,
    users: int = 128,
    rounds: int = 5,
    report: Callable[[str], None] = lambda line: None,
) -> PlannerWeights:
    """The planner's weights for this world: packaged, from the cache, or tuned now and cached.

    Args:
        world: The world.
        horizon: Steps an episode.
        retune: Tune now even if weights are at hand.
        users: Users a candidate meets while tuning.
        rounds: Rounds of tuning.
        report: Called with a line after every round of tuning.
    """
    key = world_key(world, horizon)
    file = default_cache_folder() / f"planner-{key}.json"
    if not retune and key in PACKAGED:
        return PACKAGED[key]
    if not retune and file.is_file():
        return PlannerWeights(**json.loads(file.read_text()))
    weights = tune_planner(world, seed=0, horizon=horizon, num_users=users, rounds=rounds, report=report)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(asdict(weights)))
    return weights
