"""Benchmark: steps of ``driftrec/News-v0`` through the native vector environment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from driftrec.agents.benchmarks.measure import Effort, Row, Work, alternate
from driftrec.envs.news import NewsVectorEnv

UNIT = "user-steps/s"
_DRAWN = 16


def stepping(lanes: int, effort: Effort) -> Work:
    """Steps of ``lanes`` lanes under random slates drawn beforehand, observations, infos and resets included.

    As in any loop that uses them, a step's results live until those of the next step are there.
    """
    envs = NewsVectorEnv(lanes)
    envs.reset(seed=0)
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


def environment(effort: Effort) -> Iterator[Row]:
    """One row a number of lanes."""
    for lanes in effort.lanes:
        (rates,) = alternate([stepping(lanes, effort)], effort.repeats)
        yield rates.row("environment", f"News-v0, {lanes:,} lanes", UNIT)
