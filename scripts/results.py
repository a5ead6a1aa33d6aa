"""Make results/news anew: all trainings, then all comparisons; what an earlier call finished is kept."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.checkpoint import FILE
from driftrec.agents.experiments import TABLES, TRAININGS, run_of

KEPT = ("summary.json", "summary.md", "config.json", "curve.csv", "*.png")
"""Of a comparison's folder; the tables by user and step are megabytes."""


@dataclass(frozen=True)
class Args:
    """Make results/news anew."""

    out: Path = Path("results/news")
    """Where tables and plots go; files of the same name are replaced."""
    runs: Path = Path("runs/results")
    """Where trainings and comparisons go; those that are finished there are not repeated."""
    seeds: int = 5
    """Training seeds at most; some trainings are repeated less often."""
    users: int = 2000
    """Evaluation users."""
    workers: int = 2
    """Commands at a time, each on one thread."""
    tables: tuple[str, ...] = tuple(TABLES)
    """Which tables."""


def main(args: Args) -> None:
    """Train, compare, and copy what is to be kept.

    Raises:
        ValueError: If a command failed; the message names its log.
    """
    start = time.perf_counter()
    args.runs.mkdir(parents=True, exist_ok=True)
    wanted = dict.fromkeys(name for table in args.tables for name in TABLES[table].trainings())
    # Rankers first; and seed by seed, so that an interrupted call leaves fewer seeds, not fewer tables.
    for late in (False, True):
        names = [name for name in wanted if (TRAININGS[name].ranker is not None) is late]
        trainings = [
            (n, seed)
            for seed in range(1, args.seeds + 1)
            for n in names
            if seed in TRAININGS[n].seeds_up_to(args.seeds)
        ]
        todo = [(run_of(*each, args.runs), TRAININGS[each[0]].command(*each, args.runs)) for each in trainings]
        _all([(folder, command) for folder, command in todo if not (folder / FILE).is_file()], args)
    comparisons = {args.runs / f"table-{name}": name for name in args.tables}
    commands = [(f, TABLES[name].command(args.runs, args.users, f, args.seeds)) for f, name in comparisons.items()]
    _all([(folder, command) for folder, command in commands if not (folder / "summary.json").is_file()], args)
    for folder, name in comparisons.items():
        keep(folder, args.out / name)
    print(f"Done in {time.perf_counter() - start:.0f} s: {args.out}")


def keep(folder: Path, out: Path) -> None:
    """Copy the ``KEPT`` files of a comparison."""
    out.mkdir(parents=True, exist_ok=True)
    for pattern in KEPT:
        for file in folder.glob(pattern):
            shutil.copy(file, out / file.name)


def _all(commands: Sequence[tuple[Path, list[str]]], args: Args) -> None:
    """Run all commands, some at a time; the first failure ends it once those that run are done."""
    with ThreadPoolExecutor(args.workers) as pool:
        futures = [pool.submit(_one, folder, command) for folder, command in commands]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _one(folder: Path, command: Iterable[str]) -> None:
    start = time.perf_counter()
    words = list(command)
    log = folder.with_suffix(".log")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # as many processes as cores: more threads only wait
    call = [sys.executable, "-c", "from driftrec.scripts.cli import main; main()", *words]
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(call, stdout=file, stderr=subprocess.STDOUT, env=environment, check=False)
    if done.returncode:
        raise ValueError(f"driftrec {shlex.join(words)} failed; see {log}.")
    print(f"{time.perf_counter() - start:5.0f} s  driftrec {shlex.join(words)}", flush=True)


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("results")
