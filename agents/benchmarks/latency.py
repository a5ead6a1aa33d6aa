"""Benchmark: how long one user waits for a slate of the PPO policy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from driftrec.agents.benchmarks.measure import Row, Workload
from driftrec.agents.benchmarks.training import unfitted_stage
from driftrec.agents.evaluation.play import play
from driftrec.agents.policy import Observation, Policy, Slates
from driftrec.agents.ppo.actor_critic import serving_network
from driftrec.agents.ppo.slate_policy import SlatePolicy
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.worlds.kits import kit_of


def latency(effort: Workload, world: str) -> Iterator[Row]:
    """Median and 99th percentile of the milliseconds that one request takes."""
    setup = set_up(WorldArgs(world))
    usual = kit_of(setup).settings.ppo
    stage = unfitted_stage(setup, usual.candidates)
    network = serving_network(stage, setup.slate_size, usual.temper)
    policy = Timed(SlatePolicy(stage, network, greedy=True))
    wanted, served = effort.repeats * effort.requests, policy.milliseconds
    while len(served) < wanted:  # one user after another, each until it leaves
        user = np.array([len(served)], np.uint64)
        _, steps = play(setup.world, policy, user, horizon=wanted - len(served), seed=0)
        for _ in steps:
            pass
    for name, percentile in (("p50", 50), ("p99", 99)):
        value = float(np.percentile(served, percentile))
        note = f"of {len(served):,} requests"
        yield Row("latency", f"one slate for one user, {name}", value, "ms", note=note)


class Timed:
    """A policy whose choices are timed.

    Args:
        policy: Chooses.
        clock: In seconds; that of the processor's time counts nothing that others do on the same core.

    Attributes:
        milliseconds: That each choice took.
    """

    def __init__(self, policy: Policy, clock: Callable[[], float] = time.perf_counter) -> None:
        self.milliseconds: list[float] = []
        self._policy, self._clock = policy, clock

    def reset(self, num_users: int, seed: int) -> None:
        """As the policy does."""
        self._policy.reset(num_users, seed)

    def act(self, observation: Observation) -> Slates:
        """As the policy does, timed."""
        start = self._clock()
        slates = self._policy.act(observation)
        self.milliseconds.append(1e3 * (self._clock() - start))
        return slates
