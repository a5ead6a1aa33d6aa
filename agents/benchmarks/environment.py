"""Benchmark: steps of ``driftrec/News-v0`` through the native vector environment, and how to step any other."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from driftrec.agents.benchmarks.alone import Measurement
from driftrec.agents.benchmarks.measure import Row, Work, Workload, alternate
from driftrec.envs.news import NewsVectorEnv
from driftrec.envs.vector import RecommendationVectorEnv

UNIT = "user-steps/s"
_DRAWN = 16


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


def environment(effort: Workload) -> list[Measurement]:
    """One a number of lanes."""
    return [partial(_with_lanes, lanes, effort) for lanes in effort.lanes]


def _with_lanes(lanes: int, effort: Workload) -> Iterator[Row]:
    (rates,) = alternate([stepping(NewsVectorEnv(lanes), effort)], effort.repeats)
    yield rates.row("environment", f"News-v0, {lanes:,} lanes", UNIT)
