"""Benchmark: speed and memory of published worlds by number of lanes, each in a process of its own.

That process runs this file: ``python -m driftrec.agents.benchmarks.sizes WORLD LANES EFFORT``, the effort as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

import gymnasium as gym

import driftrec.envs  # noqa: F401 (registers the worlds)
from driftrec.agents.benchmarks.environment import UNIT, stepping
from driftrec.agents.benchmarks.measure import Effort, Rates, Row, alternate, in_process, peak_memory
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


def sizes(effort: Effort) -> Iterator[Row]:
    """Rate and peak memory of every world at every number of lanes."""
    told = json.dumps(asdict(effort))
    for world in WORLDS:
        for lanes in effort.lanes:
            found = in_process("driftrec.agents.benchmarks.sizes", world, str(lanes), told)
            name = f"{world}, {lanes:,} lanes"
            yield Rates(tuple(found["wall"]), tuple(found["cpu"])).row(SECTION, name, UNIT)
            yield Row(SECTION, f"{name}, peak memory", found["peak_bytes"] / 1e6, "MB", note="its whole process")


def main(world: str, lanes: str, effort: str) -> None:
    """Measure one world at one number of lanes; prints JSON."""
    todo = Effort(**json.loads(effort))
    envs = gym.make_vec(f"driftrec/{world}-v0", num_envs=int(lanes))
    assert isinstance(envs, RecommendationVectorEnv)
    (rates,) = alternate([stepping(envs, todo)], min(todo.repeats, REPEATS))
    print(json.dumps({"wall": rates.wall, "cpu": rates.cpu, "peak_bytes": peak_memory()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
