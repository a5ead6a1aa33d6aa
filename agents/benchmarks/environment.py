"""Benchmarks: steps of worlds through the native vector environment, by world and by number of lanes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

import driftrec.envs  # noqa: F401 (registers the worlds)
from driftrec.agents.benchmarks.alone import Measurement
from driftrec.agents.benchmarks.measure import Row, Work, Workload, alternate, peak_memory
from driftrec.envs.vector import RecommendationVectorEnv

UNIT = "user-steps/s"
LANES = 4096
"""Where worlds are compared."""
_DRAWN = 16

SCENARIOS = ("driftrec/Video-v0", "driftrec/Music-v0", "driftrec/NewsStream-v0", "driftrec/Shop-v0")
"""Worlds that are measured beside the news, each with rows of its own: their environment ids."""

WORLDS = (
    "RecSim-InterestEvolution",
    "RecSim-InterestExploration",
    "RecSim-LongTermSatisfaction",
    "Sardine-SingleItem-BoredInf",
    "Sardine-SlateTopK-Bored",
    "Sardine-SlateRerank-Bored",
)
"""Published worlds whose sizes are measured: one of every kind."""

REPEATS = 3
"""Repetitions of these at most: what is told is how speed goes with lanes, not a comparison in turns."""


def stepping(envs: RecommendationVectorEnv, effort: Workload) -> Work:
    """Steps of ``envs`` under random slates drawn beforehand, observations, infos and resets included.

    As in any loop that uses them, a step's results live until those of the next step are there.
    """
    envs.reset(seed=0)
    lanes = envs.num_envs
    shape = (_DRAWN, lanes, envs.world.slate_size)
    slates = np.random.default_rng(0).integers(envs.world.num_items, size=shape)
    fewest, most = effort.steps
    steps = min(max(effort.user_steps // lanes, fewest), most)

    def work() -> int:
        for step in range(steps):
            results = envs.step(slates[step % _DRAWN])
        del results
        return steps * lanes

    return work


def published_envs(name: str, lanes: int, **sizes: Any) -> RecommendationVectorEnv:
    """Our vector environment of the published world ``name``."""
    envs = gym.make_vec(f"driftrec/{name}-v0", num_envs=lanes, **sizes)
    assert isinstance(envs, RecommendationVectorEnv)
    return envs


def world_envs(world: str, lanes: int) -> RecommendationVectorEnv:
    """Vector environment of ``world``, an environment id of ours or of a user's, with its own horizon."""
    env: Any = gym.make(world).unwrapped  # also of "package.module:Name-v0"
    return RecommendationVectorEnv(env.world, lanes, env.horizon)


def short(world: str) -> str:
    """Name of ``world`` in the rows."""
    return world.removeprefix("driftrec/")


def environment(effort: Workload, world: str) -> list[Measurement]:
    """The rate of ``world`` at every number of lanes."""
    return [partial(_with_lanes, "environment", lanes, effort, world) for lanes in effort.lanes]


def scenarios(effort: Workload) -> list[Measurement]:
    """The rate of every one of ``SCENARIOS`` at 4,096 lanes, or the most of ``effort``."""
    lanes = min(LANES, max(effort.lanes))
    return [partial(_with_lanes, "scenarios", lanes, effort, world) for world in SCENARIOS]


def _with_lanes(section: str, lanes: int, effort: Workload, world: str) -> Iterator[Row]:
    (rates,) = alternate([stepping(world_envs(world, lanes), effort)], effort.repeats)
    yield rates.row(section, f"{short(world)}, {lanes:,} lanes", UNIT)


def sizes(effort: Workload) -> list[Measurement]:
    """Rate and peak memory of every one of ``WORLDS`` at every number of lanes."""
    return [partial(_size, world, lanes, effort) for world in WORLDS for lanes in effort.lanes]


def _size(world: str, lanes: int, effort: Workload) -> Iterator[Row]:
    (rates,) = alternate([stepping(published_envs(world, lanes), effort)], min(effort.repeats, REPEATS))
    name = f"{world}, {lanes:,} lanes"
    yield rates.row("sizes", name, UNIT)
    yield Row("sizes", f"{name}, peak memory", peak_memory() / 1e6, "MB", note="its whole process")
