"""Benchmark: a large audience simulated in chunks."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from driftrec.agents.benchmarks.measure import Row, Workload, peak_memory
from driftrec.envs.news import news_world
from driftrec.simulators.noise import user_seeds


def audience(effort: Workload) -> Iterator[Row]:
    """Seconds and peak memory."""
    seconds = time.perf_counter()
    simulate(effort.audience, effort.audience_steps, effort.chunk)
    seconds = time.perf_counter() - seconds
    name = f"{effort.audience:,} users for {effort.audience_steps} steps"
    rate = effort.audience * effort.audience_steps / seconds
    note = f"one run, {rate:,.0f} user-steps/s, chunks of {effort.chunk:,}"
    yield Row("audience", f"{name}, time", seconds, "s", note=note)
    yield Row("audience", f"{name}, peak memory", peak_memory() / 1e6, "MB", note="one run, its whole process")


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
