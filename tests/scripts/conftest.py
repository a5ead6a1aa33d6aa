"""The command line as users type it: in a process of its own, or in this one where that is quicker."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from driftrec.scripts import cli

WORLD = ("--horizon", "20", "--history", "10", "--slate-size", "3")
TRAINING = (
    *("--settings.fit.lanes", "16", "--settings.fit.log-steps", "8", "--settings.fit.rounds", "1"),
    *("--settings.fit.epochs", "1", "--settings.ppo.total-steps", "640", "--settings.ppo.lanes", "16"),
    *("--settings.ppo.rollout", "8", "--settings.ppo.batch-size", "64"),
    *("--settings.future.lanes", "16", "--settings.future.log-steps", "20", "--settings.future.users", "4"),
    *("--settings.validation-users", "4"),
)


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    status: int
    out: str
    err: str

    def seed(self) -> int:
        """The seed that was drawn, as printed."""
        (seed,) = re.findall(r"^Seed (\d+) \(drawn; repeat with --seed \1\)\.$", self.out, re.MULTILINE)
        return int(seed)


@dataclass(frozen=True)
class Project:
    """A user's folder in which the main job was done once with small sizes.

    Attributes:
        folder: Where the commands ran.
        catalogue: Catalogue folder of a dozen made-up items.
        policies: What was compared.
        encoded: Output of ``driftrec encode``.
        trained: Output of ``driftrec train``.
        compared: Output of ``driftrec compare``.
    """

    folder: Path
    catalogue: Path
    policies: tuple[str, ...]
    encoded: Done
    trained: Done
    compared: Done

    @property
    def run(self) -> Path:
        """The run folder of the training."""
        return self.folder / "runs" / "0001-train"

    @property
    def results(self) -> Path:
        """The run folder of the comparison."""
        return self.folder / "runs" / "0002-compare"

    @property
    def world(self) -> tuple[str, ...]:
        """Arguments that give its world."""
        return ("--catalogue", str(self.catalogue), *WORLD)


def module(verb: str, *words: str) -> list[str]:
    """The command that runs a script as a module."""
    return [sys.executable, "-m", f"driftrec.scripts.{verb}", *words]


def run_process(command: list[str], folder: Path) -> Done:
    """Run ``command`` in ``folder`` to its end."""
    env = {**os.environ, "COLUMNS": "100", "OMP_WAIT_POLICY": "passive"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, env=env)
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def shell() -> Callable[[list[str], Path], Done]:
    """``run_process``."""
    return run_process


@pytest.fixture(scope="session")
def training() -> tuple[str, ...]:
    """Arguments for a training of some seconds."""
    return TRAINING


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, rows: str) -> Project:
    """Encode, train and compare once, each in a process of its own and with seeds that are drawn."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "items.csv").write_text(rows, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTREC_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        encoding = ("--catalogue", "items.csv", "--out", "items", "--model", str(tiny_model))
        encoded = run_process(module("encode", *encoding), folder)
        trained = run_process(module("train", "--catalogue", "items", *WORLD, *TRAINING), folder)
        policies = ("random", "content", "myopic:runs/0001-train", "ppo:runs/0001-train", "planner")
        comparing = ("--catalogue", "items", *WORLD, "--users", "12", "--policies", *policies)
        compared = run_process(module("compare", *comparing), folder)
    for done in (encoded, trained, compared):
        assert done.status == 0, done.err
    return Project(folder, folder / "items", policies, encoded, trained, compared)


@pytest.fixture
def driftrec(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, own_cache: Path
) -> Callable[..., Done]:
    """Calls the console command in this process, in an empty folder unless another is given."""
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    monkeypatch.setenv("COLUMNS", "100")

    def call(*words: str | Path, folder: Path = tmp_path) -> Done:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["driftrec", *map(str, words)])
        status = 0
        try:
            cli.main()
        except SystemExit as stop:
            status = int(stop.code or 0)
        return Done(status, *capsys.readouterr())

    return call
