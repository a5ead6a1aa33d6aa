"""Benchmark: a published environment stepped beside ours, turn by turn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from driftrec.agents.benchmarks.environment import UNIT, stepping
from driftrec.agents.benchmarks.measure import Row, Work, Workload, alternate
from driftrec.agents.verification.sardine_original import original_env
from driftrec.envs.news import NewsVectorEnv
from driftrec.simulators.extras import install

PEER = "SARDINE SlateTopK-Bored, one environment"
REMEDY = f"not installed; {install('peers')}"


def peers(effort: Workload) -> Iterator[Row]:
    """The peer's rate, ours at 4,096 lanes (or the most of ``effort``), and how many times faster ours is."""
    try:
        import sardine  # noqa: F401 (registers its environments)
    except ImportError:
        yield Row("peers", PEER, None, UNIT, note=REMEDY)
        return
    lanes = min(4096, max(effort.lanes))
    theirs, ours = alternate(
        [sardine_stepping("SlateTopK-Bored", effort.peer_steps), stepping(NewsVectorEnv(lanes), effort)], effort.repeats
    )
    yield theirs.row("peers", PEER, UNIT)
    yield ours.row("peers", f"News-v0, {lanes:,} lanes, in turns with it", UNIT)
    yield ours.over(theirs, "peers", "News-v0 / SARDINE")


def sardine_stepping(world: str, steps: int) -> Work:
    """Steps of one of SARDINE's worlds under random slates drawn beforehand, resets included, without wrappers."""
    env = original_env(world)
    env.reset(seed=0)
    nvec = env.action_space.nvec
    slates = np.random.default_rng(0).integers(nvec, size=(1000, len(nvec)))

    def work() -> int:
        env.reset()
        for step in range(steps):
            _, _, terminated, truncated, _ = env.step(slates[step % 1000])
            if terminated or truncated:
                env.reset()
        return steps

    return work
