"""Weights of feeds' policies that were tuned once and are kept: packaged for packaged worlds, cached for others."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path

from driftrec.agents.oracles.planner_weights import world_key
from driftrec.agents.scenarios.feed_pages import FeedPages, FeedWeights
from driftrec.agents.scenarios.feed_rivals import Rivals, tune_rivals
from driftrec.agents.text.embedding_cache import default_cache_folder
from driftrec.simulators.feed.feed_world import FeedWorld
from driftrec.simulators.files import write_files

PACKAGED = Path(__file__).with_name("feed_weights.json")
"""Weights by world and rival, made with ``driftrec gap --full --retune``.

Of 200 users and 6 rounds; Video's planner of 300 and 7; Music's of 48 and 4, and then of 100 and 4 from these on.
"""

Kept = dict[str, dict[str, float]]


def kept_pages(
    world: FeedWorld,
    rivals: Rivals,
    names: tuple[str, ...],
    horizon: int,
    users: int,
    rounds: int,
    *,
    retune: bool = False,
    near: Mapping[str, FeedPages] | None = None,
    others: Callable[[], Mapping[str, FeedWeights]] = dict,
    report: Callable[[str], None] = lambda line: None,
) -> dict[str, FeedPages]:
    """Policies of ``rivals`` with weights of this world: packaged, cached, or tuned now and cached.

    Args:
        world: The world.
        rivals: Which weights each may set.
        names: Of the policies.
        horizon: Steps an episode.
        users: Users that a candidate meets while tuning.
        rounds: Rounds of tuning.
        retune: Tune now even if weights are at hand.
        near: Policies of a world like this one, from which tuning starts.
        others: Weights from which tuning starts where they are better, see ``tune_rivals``.
        report: Called with a line about every policy that is tuned.
    """
    key = world_key(world, horizon)
    file = default_cache_folder() / f"feed-{key}-{users}x{rounds}.json"
    kept = {} if retune else _packaged().get(key) or _cached(file)
    if not set(names) <= set(kept):
        report(f"Tuning {', '.join(names)}: {rounds} rounds of {users} users each")
        start = {name: pages.weights for name, pages in (near or {}).items()}
        tuned = tune_rivals(
            world,
            rivals,
            names,
            horizon=horizon,
            users=users,
            rounds=rounds,
            near=start,
            others=others(),
            report=report,
        )
        kept = {**kept, **{name: asdict(pages.weights) for name, pages in tuned.items()}}
        _keep(file, kept, report)
    return {name: rivals[name].pages(world, FeedWeights(**kept[name])) for name in rivals if name in names}


@cache
def _packaged() -> dict[str, Kept]:
    return json.loads(PACKAGED.read_text(encoding="utf-8"))


def _cached(file: Path) -> Kept:
    """Weights from ``file``, by rival; none where it does not exist or is damaged."""
    if not file.exists():
        return {}
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return {name: asdict(FeedWeights(**weights)) for name, weights in kept.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        warnings.warn(f"Cached weights {file} cannot be read ({error!r}); tuning again.", stacklevel=3)
        return {}


def _keep(file: Path, kept: Kept, report: Callable[[str], None]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_files({file: json.dumps(kept).encode()})
        report(f"What was tuned is kept: {file}")
    except OSError as error:  # costs a warning, not the weights
        warnings.warn(f"Weights could not be cached in {file.parent} ({error}).", stacklevel=3)
