"""Benchmark: a large audience simulated in chunks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from driftrec.agents.benchmarks.measure import Row, Workload, peak_memory
from driftrec.agents.evaluation.play import play
from driftrec.agents.policy import Observation, Slates
from driftrec.envs.news import news_world
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.world import World


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
    """Show ``users`` users random slates for ``steps`` steps, observations included; returns their engagement."""
    world = news_world()
    seeds = user_seeds(0, "benchmark", users)
    engagement = 0.0
    for start in range(0, users, chunk):
        _, played = play(world, AnySlates(world), seeds[start : start + chunk], horizon=steps, seed=start)
        engagement += sum(float(step.feedback.reward().sum(dtype=np.float64)) for step in played)
    return engagement


class AnySlates:
    """Random slates, an item perhaps twice in one: next to no work, and no learning library.

    Args:
        world: For its sizes.
    """

    def __init__(self, world: World[Any]) -> None:
        self._num_items, self._slate_size = world.num_items, world.slate_size

    def reset(self, num_users: int, seed: int) -> None:
        """Start the random numbers over from ``seed``."""
        self._rng, self._shape = np.random.default_rng(seed), (num_users, self._slate_size)

    def act(self, observation: Observation) -> Slates:
        """Random slates, (users, slate_size)."""
        return self._rng.integers(self._num_items, size=self._shape)
