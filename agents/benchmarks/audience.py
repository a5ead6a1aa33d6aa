"""Benchmark: large audiences simulated in chunks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

from driftrec.agents.benchmarks.alone import Measurement
from driftrec.agents.benchmarks.environment import LANES, SCENARIOS, short
from driftrec.agents.benchmarks.measure import Row, Workload, peak_memory
from driftrec.agents.evaluation.play import play
from driftrec.agents.policy import Observation, Slates
from driftrec.agents.setup import NEWS
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.world import World


def audiences(effort: Workload) -> list[Measurement]:
    """That of the news, and those of ``SCENARIOS``, whose users remember every item, in smaller chunks."""
    small = min(effort.chunk, LANES)
    return [partial(audience, effort, NEWS), *(partial(audience, effort, world, small) for world in SCENARIOS)]


def audience(effort: Workload, world: str, chunk: int | None = None) -> Iterator[Row]:
    """Seconds and peak memory of ``world``, in chunks of ``effort`` when omitted."""
    chunk = effort.chunk if chunk is None else chunk
    env: Any = gym.make(world).unwrapped
    seconds = time.perf_counter()
    simulate(env.world, effort.audience, effort.audience_steps, chunk)
    seconds = time.perf_counter() - seconds
    name = f"{short(world)}, {effort.audience:,} users for {effort.audience_steps} steps in chunks"
    rate = effort.audience * effort.audience_steps / seconds
    note = f"one run, {rate:,.0f} user-steps/s, chunks of {chunk:,}"
    yield Row("audience", f"{name}: time", seconds, "s", note=note)
    yield Row("audience", f"{name}: peak memory", peak_memory() / 1e9, "GB", note="one run, its whole process")


def simulate(world: World[Any], users: int, steps: int, chunk: int) -> float:
    """Show ``users`` users random slates for ``steps`` steps, observations included; returns their engagement."""
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
