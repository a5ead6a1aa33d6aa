"""Benchmark: how long one user waits for a slate of the PPO policy."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from driftrec.agents.benchmarks.measure import Effort, Row
from driftrec.agents.benchmarks.training import unfitted_stage
from driftrec.agents.ppo.actor_critic import serving_network
from driftrec.agents.ppo.settings import PPOSettings
from driftrec.agents.ppo.slate_policy import SlatePolicy
from driftrec.agents.setup import WorldArgs, set_up


def latency(effort: Effort, world: str) -> Iterator[Row]:
    """Median and 99th percentile of the milliseconds that one request takes."""
    setup = set_up(WorldArgs(world))
    stage = unfitted_stage(setup, PPOSettings.candidates)
    network = serving_network(stage, setup.slate_size, PPOSettings.temper)
    policy = SlatePolicy(stage, network, greedy=True)
    policy.reset(1, seed=0)
    state = setup.world.reset(np.zeros(1, np.uint64))
    milliseconds = []
    for _ in range(effort.repeats * effort.requests):
        observation = setup.world.observe(state)
        start = time.perf_counter()
        slates = policy.act(observation)
        milliseconds.append(1e3 * (time.perf_counter() - start))
        setup.world.step(state, slates)
    for name, percentile in (("p50", 50), ("p99", 99)):
        value = float(np.percentile(milliseconds, percentile))
        note = f"of {len(milliseconds):,} requests"
        yield Row("latency", f"one slate for one user, {name}", value, "ms", note=note)
