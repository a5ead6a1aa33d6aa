"""Planner weights that were tuned once and are kept: packaged for the packaged world, cached for others."""

from __future__ import annotations

import hashlib
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from driftrec.agents.evaluation.play import play
from driftrec.agents.oracles.cross_entropy import SAMPLES
from driftrec.agents.oracles.planner import Planner, PlannerWeights, tune_planner
from driftrec.agents.text.embedding_cache import default_cache_folder
from driftrec.simulators.feed.feed_world import FeedWorld
from driftrec.simulators.files import write_files
from driftrec.simulators.mechanisms import contents
from driftrec.simulators.news import NewsWorld
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.offers import OFFERED

PACKAGED: dict[str, PlannerWeights] = {
    "11946879fdbbc8cda64f8a16d362bd44af68c8498b27badc304164be4577a123": PlannerWeights(
        satisfaction=6.4758462010389835,
        opening=0.8530685918139256,
        freshness=-0.05344245571297901,
        loyalty=-0.39599278582481895,
    ),
}
"""By ``world_key``: the default News world at horizon 200, made with ``driftrec gap --retune``."""


USERS, ROUNDS = 128, 5
"""Of tuning, unless told otherwise: users a candidate meets, and rounds."""


def world_key(world: NewsWorld | FeedWorld, horizon: int) -> str:
    """SHA-256 of all that the best weights depend on: items, audience, mechanisms, sizes, horizon."""
    parts = [
        world.catalogue.fingerprint(),
        world.personas.fingerprint(),
        json.dumps(contents(world.config), sort_keys=True),
        str((world.slate_size, horizon)),
    ]
    if OFFERED in world.fields:
        parts.append(str(world.num_items))  # on offer at a time
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def planner_weights(
    world: NewsWorld,
    horizon: int,
    *,
    retune: bool = False,
    users: int = USERS,
    rounds: int = ROUNDS,
    report: Callable[[str], None] = lambda line: None,
) -> PlannerWeights:
    """The planner's weights for this world: packaged, from the cache, or tuned now and cached.

    The cache keeps weights by world and effort. Those of this effort are taken, or else of the least that has neither
    fewer users nor fewer rounds.

    Args:
        world: The world.
        horizon: Steps an episode.
        retune: Tune now even if weights are at hand.
        users: Users a candidate meets while tuning.
        rounds: Rounds of tuning.
        report: Called with lines about where weights are kept, how long tuning takes, and every round of it.
    """
    key = world_key(world, horizon)
    if not retune and key in PACKAGED:
        return PACKAGED[key]
    folder = default_cache_folder()
    for file in [] if retune else _enough(folder, key, users, rounds):
        kept = _cached(file)
        if kept is not None:
            report(f"The planner was tuned before: {file}")
            return kept
    seconds = tuning_seconds(world, horizon, users, rounds)
    report(f"Tuning the planner: {rounds} rounds of {users} users, some {max(round(seconds), 1):,} s")
    weights = tune_planner(world, seed=0, horizon=horizon, num_users=users, rounds=rounds, report=report)
    file = folder / f"planner-{key}-{users}x{rounds}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_files({file: json.dumps({"weights": asdict(weights)}).encode()})
        report(f"What was tuned is kept: {file}")
    except OSError as error:  # costs a warning, not the weights
        warnings.warn(f"Planner weights could not be cached in {folder} ({error}).", stacklevel=2)
    return weights


def tuning_seconds(world: NewsWorld, horizon: int, users: int, rounds: int) -> float:
    """How long tuning will take at most, from two steps of all its users, the first left out as a warm-up."""
    planner = Planner(world, PlannerWeights())
    _, steps = play(world, planner, user_seeds(0, "planner", users), horizon=2, seed=0)
    next(steps)
    begun = time.perf_counter()
    next(steps, None)
    seconds = time.perf_counter() - begun
    return seconds * horizon * rounds * SAMPLES


def _enough(folder: Path, key: str, users: int, rounds: int) -> list[Path]:
    """Files with weights of at least this effort, the least first."""
    found = []
    for file in folder.glob(f"planner-{key}-[0-9]*x[0-9]*.json"):
        sizes = tuple(map(int, file.stem.rpartition("-")[2].split("x")))
        if sizes[0] >= users and sizes[1] >= rounds:
            found.append((sizes[0] * sizes[1], sizes, file))
    return [file for *_, file in sorted(found)]


def _cached(file: Path) -> PlannerWeights | None:
    """Weights from ``file``; None where it is not readable or damaged."""
    try:
        return PlannerWeights(**json.loads(file.read_text())["weights"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        what = f"cannot be read ({error})" if isinstance(error, OSError) else f"are damaged ({error!r})"
        warnings.warn(f"Cached planner weights {file} {what}; tuning again.", stacklevel=3)
        return None
