"""Benchmarks: worlds beside SARDINE's originals, turn by turn, or beside what was seen of those that do not install.

RecSim needs TensorFlow 1, which does not install beside us: its figures are quoted, not measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from gymnasium.vector import SyncVectorEnv

from driftrec.agents.benchmarks.alone import Measurement
from driftrec.agents.benchmarks.environment import LANES, UNIT, published_envs, short, stepping, world_envs
from driftrec.agents.benchmarks.measure import Row, Work, Workload, alternate
from driftrec.agents.verification.sardine_original import original_env
from driftrec.simulators.extras import install
from driftrec.simulators.published.sardine_config import PUBLISHED

SECTION = "published"
PEER = "SARDINE SlateTopK-Bored, one environment"
REMEDY = f"not installed; {install('peers')}"
SYNC = 64
"""Originals side by side in gymnasium's SyncVectorEnv."""


@dataclass(frozen=True)
class Quoted:
    """Steps a second that somebody saw RecSim make.

    Attributes:
        world: Name of our environment.
        slate_size: Positions in a slate.
        num_candidates: Candidates.
        slowest: The fewest seen.
        fastest: The most seen.
        where: On what, and where the figure stands.
    """

    world: str
    slate_size: int
    num_candidates: int
    slowest: float
    fastest: float
    where: str

    @property
    def name(self) -> str:
        """World and sizes."""
        return f"{self.world} {self.slate_size} of {self.num_candidates}"

    @property
    def sizes(self) -> Mapping[str, int]:
        """Keyword arguments of our environment."""
        return {"slate_size": self.slate_size, "num_candidates": self.num_candidates}


ISSUE, NOTES = "the issue that asked for these worlds", "worlds.md 8.10"
QUOTED = (
    Quoted("RecSim-InterestEvolution", 2, 10, 10_000, 10_000, f"a free core, {ISSUE}"),
    Quoted("RecSim-InterestEvolution", 2, 10, 3_000, 4_000, f"a shared core, {ISSUE}"),
    Quoted("RecSim-InterestEvolution", 2, 10, 2_600, 4_400, f"one core, sizes not said, {NOTES}"),
    Quoted("RecSim-InterestEvolution", 3, 20, 6_700, 6_700, f"core not said, {ISSUE}"),
    Quoted("RecSim-InterestEvolution", 5, 50, 3_300, 3_300, f"core not said, {ISSUE}"),
    Quoted("RecSim-InterestExploration", 2, 10, 1_300, 3_000, f"one core, sizes not said, {NOTES}"),
    Quoted("RecSim-LongTermSatisfaction", 2, 10, 10_000, 10_000, f"one core, sizes not said, {NOTES}"),
)


def peers(effort: Workload, world: str) -> Iterator[Row]:
    """The peer's rate, that of ``world`` at 4,096 lanes (or the most of ``effort``), and how many times as fast."""
    name, lanes = short(world), min(LANES, max(effort.lanes))
    turns = f"in turns with {name}"
    try:
        peer = sardine_stepping("SlateTopK-Bored", effort.peer_steps)
    except ModuleNotFoundError:
        yield Row("peers", PEER, None, UNIT, note=REMEDY)
        return
    theirs, ours = alternate([peer, stepping(world_envs(world, lanes), effort)], effort.repeats)
    yield theirs.row("peers", PEER, UNIT, turns)
    yield ours.row("peers", f"{name}, {lanes:,} lanes, in turns with it", UNIT)
    yield ours.over(theirs, "peers", f"{name} / SARDINE")


def published(effort: Workload) -> list[Measurement]:
    """RecSim's worlds, then SARDINE's, world by world."""
    lanes = min(LANES, max(effort.lanes))
    names = dict.fromkeys(quoted.name for quoted in QUOTED)
    recsim = [[quoted for quoted in QUOTED if quoted.name == name] for name in names]
    return [
        *(partial(_recsim, seen, lanes, effort) for seen in recsim),
        *(partial(_sardine, world, lanes, effort) for world in PUBLISHED),
    ]


def _recsim(seen: list[Quoted], lanes: int, effort: Workload) -> Iterator[Row]:
    """Ours, and for all that was seen of the same sizes the figure and how many times faster ours is."""
    name = seen[0].name
    (ours,) = alternate([stepping(published_envs(seen[0].world, lanes, **seen[0].sizes), effort)], effort.repeats)
    row = ours.row(SECTION, f"{name}, {lanes:,} lanes", UNIT)
    yield row
    for one in seen:
        note = f"quoted, not measured: {one.where}"
        yield Row(SECTION, f"{name}, original", one.fastest, UNIT, one.slowest, one.fastest, note=note)
        value, low, high, cpu = (
            None if rate is None else rate / one.fastest for rate in (row.value, row.low, row.high, row.per_cpu)
        )
        yield Row(SECTION, f"{name}, ours / quoted", value, "times", low, high, cpu, f"to its fastest: {one.where}")


def _sardine(world: str, lanes: int, effort: Workload) -> Iterator[Row]:
    """Ours, one original and ``SYNC`` of them in turns, and how many times faster ours is."""
    name = f"Sardine-{world}"
    works = [stepping(published_envs(name, lanes), effort)]
    try:
        works += [sardine_stepping(world, effort.peer_steps), sync_stepping(world, effort.peer_steps)]
    except ModuleNotFoundError:
        yield Row(SECTION, f"{name}, original", None, UNIT, note=REMEDY)
    ours, *theirs = alternate(works, effort.repeats)
    yield ours.row(SECTION, f"{name}, {lanes:,} lanes", UNIT)
    for what, rates in zip(("original", f"{SYNC} originals in SyncVectorEnv"), theirs, strict=False):
        yield rates.row(SECTION, f"{name}, {what}", UNIT)
        yield ours.over(rates, SECTION, f"{name}, ours / {what}")


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


def sync_stepping(world: str, steps: int) -> Work:
    """``steps`` user-steps, or a few more, of ``SYNC`` of SARDINE's environments, otherwise as ``sardine_stepping``."""
    envs = SyncVectorEnv([partial(original_env, world)] * SYNC)
    envs.reset(seed=0)
    first: Any = envs.envs[0]
    slates = np.random.default_rng(0).integers(first.num_items, size=(100, SYNC, first.slate_size))
    rounds = -(-steps // SYNC)

    def work() -> int:
        for step in range(rounds):
            envs.step(slates[step % 100])
        return rounds * SYNC

    return work
