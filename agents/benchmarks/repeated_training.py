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
from driftrec.agents.worlds.settings import TextSettings
from driftrec.simulators.settings import updated

SMALL: Mapping[str, Any] = {
    "fit": {"lanes": 64, "log_steps": 20, "rounds": 1, "epochs": 1},
    "ppo": {"lanes": 32, "rollout": 8, "batch_size": 64, "epochs": 1},
    "pace": False,
    "validations": 2,
    "validation_users": 16,
}
SMALL_OF_TEXTS: Mapping[str, Any] = {"future": {"lanes": 64, "log_steps": 20, "users": 16}, "refits": 1}


def repeated_training(effort: Workload, world: str) -> Iterator[Row]:
    """How much more is held after some small trainings than after the first."""
    setup, usual = set_up(WorldArgs(world)), settings_of(world)
    more = SMALL_OF_TEXTS if isinstance(usual, TextSettings) else {}
    settings = updated(usual, {**SMALL, **more, "ppo": {**SMALL["ppo"], "total_steps": effort.frames}}, "settings")

    def work() -> None:
        with TemporaryDirectory() as folder:
            train(setup, settings, seed=0, folder=Path(folder))

    name = f"held after {effort.trainings} trainings, beyond what is held after one"
    yield Row("sharing", name, growth(work, effort.trainings) / 1e6, "MB", note=f"{effort.frames:,} steps of PPO each")


def growth(work: Callable[[], object], times: int) -> int:
    """Bytes that this process holds more after ``work`` was done so many times than after the first."""
    held = []
    for _ in range(times):
        work()
        gc.collect()
        held.append(held_memory())
    return held[-1] - held[0]
