"""SIGKILL at any moment: searches and results go on by their own commands, and end with the same bytes."""

import json
import shutil
import time
from types import SimpleNamespace

import numpy as np
import pytest

from driftrec.agents.runs.checkpoint import FILE
from driftrec.agents.snapshots.snapshot_folder import FOLDER
from driftrec.scripts import encode, results, tune
from driftrec.scripts.arguments import parse
from tests.agents.conftest import one_thread  # noqa: F401
from tests.agents.runs.killed import killed_after

pytestmark = pytest.mark.usefixtures("one_thread", "own_cache")

SETTINGS = {
    "fit": {"lanes": 16, "log_steps": 12, "rounds": 1, "epochs": 1, "batch_size": 64},
    "ppo": {"total_steps": 256, "lanes": 16, "rollout": 8, "batch_size": 64, "candidates": 20},
    "validations": 3,
    "validation_users": 8,
}
SARDINE = ("--world", "driftrec/Sardine-SlateTopK-BoredInf-v0", "--slate-size", "4", "--horizon", "6")
TEXTS = ("--catalogue", "items", "--slate-size", "3", "--history", "10", "--horizon", "20")
SEARCHES = {
    "popular": (*TEXTS, "--trials", "12", "--users", "200", "--check-users", "20"),
    "train:start": (*SARDINE, "--trials", "2", "--check-users", "6"),
}
FOUND = ("trials.csv", "best.json", "best.toml", "check.json")
"""What a search ends with, as far as it has them."""


def found(run):
    """Bytes of all that was found."""
    return {name: (run / name).read_bytes() for name in FOUND if (run / name).exists()}


@pytest.mark.parametrize(("name", "words"), SEARCHES.items())
def test_a_search_goes_on(tmp_path, monkeypatch, csv, tiny_model, name, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "start").mkdir()
    (tmp_path / "start" / "config.json").write_text(json.dumps({"settings": SETTINGS}))
    encode.main(encode.Args(catalogue=csv, out=tmp_path / "items", model=str(tiny_model)))

    def call(*more):
        tune.main(parse("tune", tune.Args, list(map(str, more))))

    def begin(out):
        call(name, *words, "--seed", 3, "--out", out)

    begin("first")  # which takes longer
    begun = time.perf_counter()
    begin("whole")
    seconds, rng = time.perf_counter() - begun, np.random.default_rng(4)
    for number in range(2):
        run = tmp_path / str(number)
        while not _begun(run, killed_after(rng.uniform(0.2, 0.9) * seconds, lambda run=run: begin(run))):
            shutil.rmtree(run, ignore_errors=True)
        call("--resume", run)
        assert found(run) == found(tmp_path / "whole")


def _begun(run, killed):
    """Whether it was cut short after it had begun, and before it had found what it looks for."""
    return (
        killed and (run / "config.json").exists() and "best.json" not in found(run) and "check.json" not in found(run)
    )


def test_results_go_on(tmp_path, monkeypatch):
    """Commands that take a tenth of a second: none that has ended well is repeated, and all tables come out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(results.subprocess, "Popen", _command)

    def call(name):
        words = ("--seeds", "1", "--tables", "slates", "--runs", f"{name}-runs", "--out", name, "--workers", "1")
        results.main(parse("results", results.Args, words))

    call("whole")
    commands = (tmp_path / "whole-runs" / "done").read_text().split()
    rng, cut_short = np.random.default_rng(5), 0
    for number in map(str, range(4)):
        for _ in range(2):
            cut_short += killed_after(rng.uniform(0.1, 0.45), lambda name=number: call(name))
        call(number)
        done = (tmp_path / f"{number}-runs" / "done").read_text().split()
        assert list(dict.fromkeys(done)) == commands
        assert len(done) <= len(commands) + 2  # one that a kill struck between its end and the note of it
        assert (tmp_path / number / "slates" / "summary.md").read_text() == "table-slates, whole"
    assert cut_short > 4


def _command(words, *, stdout, **rest):
    """In place of a command: half of what it does is kept, and what is kept is gone on with."""
    goes_on = "--resume" in words
    folder = results.Path(words[-1] if goes_on else words[words.index("--out") + 1])
    if not goes_on:
        folder.mkdir()  # raises if what an earlier call left was not removed
        time.sleep(0.05)
        (folder / FOLDER).mkdir()
    time.sleep(0.05)
    for name in (FILE, "summary.json", "summary.md"):
        (folder / name).write_text(f"{folder.name}, whole")
    shutil.rmtree(folder / FOLDER)
    with (folder.parent / "done").open("a") as done:
        done.write(f"{folder.name}\n")
    return SimpleNamespace(wait=lambda: 0)
