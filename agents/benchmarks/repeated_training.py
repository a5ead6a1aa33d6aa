"""Benchmark: memory that trainings in one process leave behind."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from driftrec.agents.benchmarks.measure import Row, Workload, held_memory
from driftrec.agents.runs.train import train
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.worlds.kits import settings_of
from driftrec.simulators.settings import updated

TIMES = 5
SMALL: Mapping[str, Any] = {
    "fit": {"lanes": 64, "log_steps": 20, "rounds": 1, "epochs": 1},
    "ppo": {"lanes": 32, "rollout": 8, "batch_size": 64, "epochs": 1},
    "validations": 2,
    "validation_users": 16,
}


def repeated_training(effort: Workload, world: str) -> Iterator[Row]:
    """How much more is held after five small trainings than after the first."""
    setup = set_up(WorldArgs(world))
    changes = {**SMALL, "ppo": {**SMALL["ppo"], "total_steps": effort.frames}}
    settings = updated(settings_of(world), changes, "settings")

    def work() -> None:
        with TemporaryDirectory() as folder:
            train(setup, settings, seed=0, folder=Path(folder))

    name = f"held after {TIMES} trainings, beyond what is held after one"
    yield Row("sharing", name, growth(work, TIMES) / 1e6, "MB", note=f"{effort.frames:,} steps of PPO each")


def growth(work: Callable[[], object], times: int) -> int:
    """Bytes that this process holds more after ``work`` was done so many times than after the first."""
    held = []
    for _ in range(times):
        work()
        gc.collect()
        held.append(held_memory())
    return held[-1] - held[0]
