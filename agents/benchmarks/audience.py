"""Benchmark: a large audience simulated in chunks, in a process of its own so that its memory can be told.

That process runs this file: ``python -m driftrec.agents.benchmarks.audience USERS STEPS CHUNK``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator

import numpy as np

from driftrec.agents.benchmarks.measure import Effort, Row, in_process, peak_memory
from driftrec.envs.news import news_world
from driftrec.simulators.noise import user_seeds


def audience(effort: Effort) -> Iterator[Row]:
    """Seconds and peak memory.

    Raises:
        RuntimeError: If the process fails; holds what it said last.
    """
    numbers = [effort.audience, effort.audience_steps, effort.chunk]
    told = in_process("driftrec.agents.benchmarks.audience", *map(str, numbers))
    name = f"{effort.audience:,} users for {effort.audience_steps} steps"
    rate = effort.audience * effort.audience_steps / told["seconds"]
    note = f"one run, {rate:,.0f} user-steps/s, chunks of {effort.chunk:,}"
    yield Row("audience", f"{name}, time", told["seconds"], "s", note=note)
    yield Row("audience", f"{name}, peak memory", told["peak_bytes"] / 1e6, "MB", note="one run, its whole process")


def simulate(users: int, steps: int, chunk: int) -> float:
    """Show ``users`` users random slates for ``steps`` steps, observations included; returns minutes read in all."""
    world = news_world()
    seeds = user_seeds(0, "benchmark", users)
    rng = np.random.default_rng(0)
    minutes = 0.0
    for start in range(0, users, chunk):
        state = world.reset(seeds[start : start + chunk])
        for _ in range(steps):
            observation = world.observe(state)
            slates = rng.integers(world.num_items, size=(len(observation["persona"]), world.slate_size))
            minutes += float(world.step(state, slates).reward().sum(dtype=np.float64))
    return minutes


if __name__ == "__main__":
    begin = time.perf_counter()
    simulate(*map(int, sys.argv[1:]))
    print(json.dumps({"seconds": time.perf_counter() - begin, "peak_bytes": peak_memory()}))
