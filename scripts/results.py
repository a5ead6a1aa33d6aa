"""Make the published results anew: all trainings, then all comparisons; what an earlier call finished is kept."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, TextIO

import tyro

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.engines.engine import Engine, EngineName, Tell, engine_named
from driftrec.agents.snapshots.snapshot_folder import FOLDER
from driftrec.agents.studies.encoders_study import ENCODERS
from driftrec.agents.studies.experiments import Study, run_of
from driftrec.agents.studies.news_study import NEWS
from driftrec.agents.studies.published_study import PUBLISHED
from driftrec.agents.studies.rounds_study import ROUNDS
from driftrec.agents.studies.scenarios_study import SCENARIOS
from driftrec.simulators.files import write_files, write_text
from driftrec.simulators.settings import nearest

try:
    import fcntl
except ImportError:  # not a Unix
    fcntl = None  # type: ignore[assignment]

Command = tuple[Path, list[str]]
"""Run folder, and the words after "driftrec"."""

STUDIES = {"news": NEWS, "published": PUBLISHED, "scenarios": SCENARIOS, "encoders": ENCODERS, "rounds": ROUNDS}

SUMMARY = "summary.json"
KEPT = (
    SUMMARY,
    "summary.md",
    "config.json",
    "curve.csv",
    "probe.md",
    "probe.json",
    "rounds.csv",
    "versions.csv",
    "*.png",
)
"""Of a command's folder; the tables by user and step are megabytes."""


@dataclass(frozen=True)
class Args:
    """Make the published results anew."""

    study: tyro.conf.Positional[Literal["news", "published", "scenarios", "encoders", "rounds"]] = "news"
    """Our agents on news, on the published worlds, on our worlds that need a sequence, by what stands for items, or
    deployed in rounds."""
    out: Path | None = None
    """Where tables and plots go, results/STUDY when omitted; files of the same name are replaced."""
    runs: Path = Path("runs/results")
    """Where trainings and comparisons go; those that are finished there are not repeated."""
    seeds: int = 5
    """Training seeds at most; some trainings are repeated less often."""
    users: int = 2000
    """Evaluation users."""
    workers: int = 2
    """Commands at a time, each on one thread; on Ray as many as there are cores."""
    engine: EngineName = "local"
    """Where commands run: as processes of this machine, or as tasks of a Ray cluster (docs/ray.md)."""
    tables: tuple[str, ...] | None = None
    """Which tables, or probes; all of the study when omitted."""


def main(args: Args) -> None:
    """Train, compare, and copy what is to be kept.

    Raises:
        OSError: If a file cannot be written; what is finished stays in ``runs`` and is not done again.
        ValueError: If a command failed (the message names its log), a folder was made by another, or the study has no
            such table.
    """
    start = time.perf_counter()
    engine = engine_named(args.engine, args.workers)
    study, out = STUDIES[args.study], args.out or Path("results") / args.study
    wanted_tables = _known(args.tables, study)
    args.runs.mkdir(parents=True, exist_ok=True)
    _probe([name for name in wanted_tables if name in study.probes], study, args, out, engine)
    tables = [name for name in wanted_tables if name in study.tables]
    wanted = dict.fromkeys(name for table in tables for name in study.behind(table))
    # Rankers first; and seed by seed, so that an interrupted call leaves fewer seeds, not fewer tables.
    for late in (False, True):
        names = [name for name in wanted if (study.trainings[name].ranker is not None) is late]
        _all(_unfinished(_trainings(study, names, args)), engine)
    comparisons = {args.runs / f"table-{name}": name for name in tables}
    commands = [
        (folder, study.comparison(name, args.runs, args.users, folder, args.seeds))
        for folder, name in comparisons.items()
    ]
    _all(_unfinished(commands), engine)
    for folder, name in comparisons.items():
        keep(folder, out / name)
    if study.overview is not None:
        kept = {name: out / name for name in (*study.probes, *study.tables) if (out / name / SUMMARY).is_file()}
        write_text(out / "overview.md", study.overview(kept))
    print(f"Done in {time.perf_counter() - start:.0f} s: {out}")


def _known(tables: tuple[str, ...] | None, study: Study) -> tuple[str, ...]:
    """The tables and probes asked for, or all; ValueError for one that the study does not have."""
    known = (*study.probes, *study.tables)
    for name in tables or ():
        if name not in known:
            raise ValueError(f"Table {name!r} is unknown. {nearest(name, known)}")
    return known if tables is None else tables


def _probe(names: Iterable[str], study: Study, args: Args, out: Path, engine: Engine) -> None:
    """Run the probes of ``names`` and keep what they write."""
    folders = {name: args.runs / f"table-{name}" for name in names}
    commands = [(folder, [*study.probes[name], "--out", str(folder)]) for name, folder in folders.items()]
    _all(_unfinished(commands), engine)
    for name, folder in folders.items():
        keep(folder, out / name)


def _trainings(study: Study, names: Iterable[str], args: Args) -> list[Command]:
    """Run folder and command of every training, all of one seed before those of the next."""
    each = [(name, seed) for seed in range(1, args.seeds + 1) for name in names]
    each = [(name, seed) for name, seed in each if seed in study.trainings[name].seeds_up_to(args.seeds)]
    return [(run_of(n, seed, args.runs), study.trainings[n].command(n, seed, args.runs)) for n, seed in each]


def _unfinished(commands: Iterable[Command]) -> list[Command]:
    """Those that did not end well yet.

    Raises:
        ValueError: If a folder was made by another command.
    """
    todo = []
    for folder, command in commands:
        made = _mark(folder).read_text(encoding="utf-8") if _mark(folder).is_file() else None
        if made == shlex.join(command):
            continue
        if made is not None:
            raise ValueError(f"{folder} was made by another command, driftrec {made}. Give other --runs.")
        todo.append((folder, command))
    return todo


def _mark(folder: Path) -> Path:
    """Holds the command once it has ended well; an interrupted training leaves a checkpoint too."""
    return folder.with_suffix(".done")


def keep(folder: Path, out: Path) -> None:
    """Copy the ``KEPT`` files of a comparison; OSError names the file that cannot be written."""
    out.mkdir(parents=True, exist_ok=True)
    for pattern in KEPT:
        for file in folder.glob(pattern):
            write_files({out / file.name: file.read_bytes()})


def _all(commands: Sequence[Command], engine: Engine) -> None:
    """Run all commands, some at a time; the first failure ends it once those that run are done.

    An interrupt ends those that run too: SIGTERM, unlike Ctrl-C, reaches this process alone.
    """
    running: list[subprocess.Popen[bytes]] = []
    try:
        for _ in engine.map(partial(_one, running), commands, lambda line: print(line, flush=True)):
            pass
    except KeyboardInterrupt:
        for process in tuple(running):
            process.terminate()
        raise


def _one(running: list[subprocess.Popen[bytes]], command: Command, tell: Tell) -> None:
    """Run one command; it is among ``running`` meanwhile.

    What an interrupted one left is removed, unless it can be gone on with.
    """
    start = time.perf_counter()
    folder, words = command
    log = folder.with_suffix(".log")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # as many processes as cores: more threads only wait
    with log.open("a", encoding="utf-8") as file:
        _claim(file, log)
        file.truncate(0)
        goes_on = [words[0], "--resume", str(folder)] if (folder / FOLDER).is_dir() else words
        if goes_on is words:
            shutil.rmtree(folder, ignore_errors=True)
        call = [sys.executable, "-c", "from driftrec.scripts.cli import main; main()", *goes_on]
        process = subprocess.Popen(call, stdout=file, stderr=subprocess.STDOUT, env=environment)
        running.append(process)
        status = process.wait()
        running.remove(process)
    if status:
        raise ValueError(f"driftrec {shlex.join(goes_on)} failed; see {log}.")
    write_text(_mark(folder), shlex.join(words))
    tell(f"{time.perf_counter() - start:5.0f} s  driftrec {shlex.join(words)}")


def _claim(file: TextIO, log: Path) -> None:
    """Lock the log for this command, which inherits the lock with the file and holds it until it ends.

    Raises:
        ValueError: If a command of an earlier call, which was killed (SIGKILL) without it, still runs.
    """
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        told = f"A command of an earlier call still writes {log}. End that process; what it did is gone on with."
        raise ValueError(told) from error


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("results")
