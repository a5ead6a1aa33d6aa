"""Trainings that are killed at random moments, and go on: does every one end with the uninterrupted one's bytes?

``python -m tests.agents.runs.killed texts ideal --kills 20`` in the project's root tries it by hand; the suite kills
three times a world (test_resume.py).
"""

import argparse
import multiprocessing
import shutil
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch

from driftrec.agents.evaluation.keep_best import KeepBest
from driftrec.agents.runs.checkpoint import FILE
from driftrec.agents.snapshots.snapshot_folder import FOLDER
from tests.agents.runs.toy_runs import trained

EVERY = 128
"""One rollout of a toy training: there is a snapshot before each but the first."""


def killed_after(seconds, work):
    """Run ``work`` in a process of its own and kill it (SIGKILL) unless it ends before; whether it was killed."""
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join(seconds)
    process.kill()
    process.join()
    return process.exitcode != 0


def kill_and_resume(name, kills, seed, root):
    """Moment of every kill, what was kept by then, and whether the resumed training ended with the same bytes."""
    rng, whole = np.random.default_rng(seed), root / "whole"
    trained(name, root / "first")  # the first takes longer, as all do that load things
    begun = time.perf_counter()
    trained(name, whole)
    seconds = time.perf_counter() - begun
    for number in range(kills):
        run = root / str(number)
        while not killed_after(moment := rng.uniform(0.05, 0.95) * seconds, lambda run=run: _once(name, run)):
            shutil.rmtree(run)  # it was quicker
        kept = sorted(path.stem for path in (run / FOLDER).glob("*.snapshot"))
        _once(name, run)
        yield moment, kept, (run / FILE).read_bytes() == (whole / FILE).read_bytes()


def _once(name, run):
    trained(name, run, snapshot_every=EVERY)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("worlds", nargs="+")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    with patch.object(KeepBest, "restore", lambda self: None):  # the last weights, which all rollouts went into
        torch.set_num_threads(1)  # children of a process with more would wait for threads that they have not
        for world in told.worlds:
            with tempfile.TemporaryDirectory() as root:
                for each in kill_and_resume(world, told.kills, told.seed, Path(root)):
                    print(world, *each, flush=True)
