"""What benchmarks share: how much to do, how to time it, and a row of the report. Imports no learning library."""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Work = Callable[[], int]
"""Does a fixed amount of work and returns how many units that were."""


@dataclass(frozen=True)
class Workload:
    """How much every benchmark does.

    Attributes:
        repeats: Repetitions, of which the median counts.
        lanes: Sizes of the vector environment.
        user_steps: Steps of one repetition, over all lanes, where ``steps`` leaves room for them.
        steps: Fewest and most steps of the vector environment in one repetition.
        peer_steps: Steps of the peer's environment in one repetition.
        frames: Environment steps that PPO trains on in one repetition.
        peer_frames: The same for the peer's environment.
        requests: Recommendations to one user in one repetition.
        catalogues: Sizes of made-up catalogues of which slates are asked for.
        texts: Texts to encode in one repetition.
        audience: Users of the large simulation.
        audience_steps: Steps of each of them.
        chunk: Users of it that are in memory at a time.
        trainings: Small trainings one after another, whose memory is watched.
    """

    repeats: int = 7
    lanes: tuple[int, ...] = (64, 1024, 4096, 65536)
    user_steps: int = 1_000_000
    steps: tuple[int, int] = (20, 2000)
    peer_steps: int = 5_000
    frames: int = 8_192
    peer_frames: int = 512
    requests: int = 200
    catalogues: tuple[int, ...] = (1_000, 100_000, 1_000_000)
    texts: int = 256
    audience: int = 1_000_000
    audience_steps: int = 20
    chunk: int = 50_000
    trainings: int = 5


PEERS = Workload(repeats=5, user_steps=500_000, frames=4_096)
"""For the many rows of the published worlds, so that all of them take minutes."""

QUICK = Workload(
    repeats=2,
    lanes=(4, 64),
    user_steps=256,
    steps=(2, 8),
    peer_steps=50,
    frames=128,
    peer_frames=64,
    requests=3,
    catalogues=(500, 5_000),
    texts=4,
    audience=500,
    audience_steps=2,
    chunk=300,
    trainings=2,
)
"""Enough to see that everything works; its figures mean nothing."""


@dataclass(frozen=True)
class Row:
    """One figure of the report.

    Attributes:
        section: Benchmark that it belongs to.
        name: What was measured.
        value: Median of the repetitions; None if it could not be measured, for the reason in ``note``.
        unit: Unit of the figures.
        low: Lowest repetition; None where there was one only.
        high: Highest repetition; None where there was one only.
        per_cpu: Median with the process's CPU time, of all threads, in place of the clock's: what a rate would be if
            nothing else ran on the machine and one thread did the work. None where the unit is not a rate nor a
            quotient of rates.
        note: Anything that a reader must know.
    """

    section: str
    name: str
    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    per_cpu: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Rates:
    """Units a second of every repetition, by the clock and by CPU time."""

    wall: tuple[float, ...]
    cpu: tuple[float, ...]

    def row(self, section: str, name: str, unit: str, note: str = "") -> Row:
        """Medians and range."""
        cpu = statistics.median(self.cpu)
        return Row(section, name, statistics.median(self.wall), unit, min(self.wall), max(self.wall), cpu, note)

    def over(self, other: Rates, section: str, name: str) -> Row:
        """How many times faster than ``other``, turn by turn: median and range."""
        wall, cpu = (
            [own / rival for own, rival in zip(*rates, strict=True)]
            for rates in ((self.wall, other.wall), (self.cpu, other.cpu))
        )
        return Row(section, name, statistics.median(wall), "times", min(wall), max(wall), statistics.median(cpu))


def alternate(works: Sequence[Work], repeats: int) -> list[Rates]:
    """Time each of ``works`` in turn, ``repeats`` times, after one turn that does not count.

    What is to be compared takes turns, so that a machine that is busy for a while slows all of it.
    """
    for work in works:
        work()
    turns = [[_timed(work) for work in works] for _ in range(repeats)]
    return [Rates(*zip(*(turn[i] for turn in turns), strict=True)) for i in range(len(works))]


def _timed(work: Work) -> tuple[float, float]:
    """Units a second of one repetition, by the clock and by CPU time."""
    wall, cpu = time.perf_counter(), time.process_time()
    units = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return units / wall, units / max(cpu, 1e-9)


def largest_peak() -> int:
    """Most memory that this process or one that it started, and that has ended, has held at a time, in bytes."""
    return max(peak_memory(), _told_by(resource.RUSAGE_CHILDREN))


def peak_memory() -> int:
    """Most memory that this process has held at a time, in bytes."""
    # getrusage's figure would start at the peak of the process that started this one
    return _status("VmHWM") or _told_by(resource.RUSAGE_SELF)


def held_memory() -> int:
    """Memory that this process holds now, in bytes; the most so far where the system does not tell."""
    return _status("VmRSS") or _told_by(resource.RUSAGE_SELF)


def _status(name: str) -> int:
    """A line of Linux's own account of this process, in bytes; 0 elsewhere."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    (line,) = (line for line in status.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


def _told_by(who: int) -> int:
    """Peak memory by ``resource.getrusage``, in bytes."""
    return resource.getrusage(who).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
