"""Ctrl-C, or SIGTERM, while ``driftrec train`` runs: one line, status 130, and what was learned is kept."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

from driftrec.agents.runs.checkpoint import FILE
from driftrec.agents.snapshots.snapshot_folder import FOLDER

pytestmark = pytest.mark.slow  # for the processes


@pytest.fixture
def interrupted(project, training, tmp_path):
    """Starts a training, presses Ctrl-C when a line of its output begins with ``sign``; status, output, errors."""

    def call(sign, *words, sent=signal.SIGINT):
        command = [sys.executable, "-m", "driftrec.scripts.cli", "train", *project.world, *training, "--out", "run"]
        process = subprocess.Popen(
            [*command, *words],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            # A shell may start tests in the background with Ctrl-C switched off, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        seen = []
        for line in process.stdout:
            seen.append(line)
            if line.startswith(sign):
                process.send_signal(sent)
                break
        out, err = process.communicate(timeout=120)
        return process.returncode, "".join(seen) + out, err

    return call


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_while_ppo_trains_the_checkpoint_is_saved_and_can_be_compared(interrupted, project, driftrec, tmp_path, sent):
    status, out, err = interrupted("PPO: ", "--seed", "3", "--settings.ppo.total-steps", "100_000_000", sent=sent)
    assert status == 130
    left = "run holds what was learned so far; driftrec train --resume run goes on"
    assert err == f"driftrec train: interrupted: {left}.\n"
    assert "PPO: 0 of 100,000,000 steps" in out
    assert {path.name for path in (tmp_path / "run").iterdir()} == {FILE, "curve.csv", "config.json", FOLDER}
    weights = load_file(tmp_path / "run" / FILE)
    assert all(np.isfinite(value).all() for value in weights.values())
    words = ("--users", "3", "--out", "mine", "--policies", "random", "ppo:run", "myopic:run")
    done = driftrec("compare", *project.world, *words)
    assert done.status == 0, done.err


def test_before_ppo_the_stages_that_were_finished_are_kept(interrupted, tmp_path):
    """The first round of fitting takes one pass, the last a thousand."""
    status, out, err = interrupted("Ranker, pass 1 of 1000 ", "--settings.fit.epochs", "1000")
    assert status == 130
    left = "run holds the stages that were finished; driftrec train --resume run goes on"
    assert err == f"driftrec train: interrupted: {left}.\n"
    assert "Traceback" not in out
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"config.json", FOLDER}
