"""Benchmark: speed and memory of published worlds by number of lanes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import gymnasium as gym

import driftrec.envs  # noqa: F401 (registers the worlds)
from driftrec.agents.benchmarks.alone import Measurement
from driftrec.agents.benchmarks.environment import UNIT, stepping
from driftrec.agents.benchmarks.measure import Row, Workload, alternate, peak_memory
from driftrec.envs.vector import RecommendationVectorEnv

SECTION = "sizes"
WORLDS = (
    "RecSim-InterestEvolution",
    "RecSim-InterestExploration",
    "RecSim-LongTermSatisfaction",
    "Sardine-SingleItem-BoredInf",
    "Sardine-SlateTopK-Bored",
    "Sardine-SlateRerank-Bored",
)
"""One of every kind."""

REPEATS = 3
"""Repetitions at most: what is told here is how speed goes with lanes, not a comparison in turns."""


def sizes(effort: Workload) -> list[Measurement]:
    """Every world at every number of lanes."""
    return [partial(_size, world, lanes, effort) for world in WORLDS for lanes in effort.lanes]


def _size(world: str, lanes: int, effort: Workload) -> Iterator[Row]:
    """Rate and peak memory."""
    envs = gym.make_vec(f"driftrec/{world}-v0", num_envs=lanes)
    assert isinstance(envs, RecommendationVectorEnv)
    (rates,) = alternate([stepping(envs, effort)], min(effort.repeats, REPEATS))
    name = f"{world}, {lanes:,} lanes"
    yield rates.row(SECTION, name, UNIT)
    yield Row(SECTION, f"{name}, peak memory", peak_memory() / 1e6, "MB", note="its whole process")
