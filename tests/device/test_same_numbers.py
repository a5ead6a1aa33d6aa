"""Same numbers wherever networks compute: all that has one, on the CPU and on a device that refuses what a GPU refuses.

There is no GPU where these tests run. ``pretend.cpp`` is another device to torch, which it is built against: tensors of
two devices do not meet, arrays are not to be had of it, and it draws nothing, for no GPU draws what a CPU does. Its
sums are the CPU's, so what a GPU's rounding does is not seen here.

Broken on purpose, each of these fails: ``fit`` without moving a batch, ``TopicMemory`` with a table of the CPU's,
``SlateHead`` with the device's own draws, a checkpoint saved from where it was learned, and a snapshot.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.device.pretend import NAME, build

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
CLOSE = 1e-3
"""Of weights, losses and what is earned; the rounding of some tens of gradients comes to 1e-4."""

FEW = 1e-3
"""Part of all weights that may differ by more: of a gradient that is 0 up to rounding Adam makes a whole step."""

KINDS = ("news", "video", "stream", "music", "ideal", "partial", "request", "responses", "resumed")
ON_RANKERS = ("slateq-news", "slateq-video", "slateq-ideal", "slateq-request", "imitation", "q2", "paced")
STOCK = ("sb3-ppo", "sb3-sac")


@dataclass(frozen=True)
class Found:
    """What came of ``trainings.py``: what it told by device, what was computed, and where the checkpoints are."""

    told: dict[str, dict[str, dict[str, float]]]
    arrays: Any
    folder: Path


@pytest.fixture(scope="module")
def found(tmp_path_factory, tiny_model, rows):
    """All trainings, on both devices."""
    if shutil.which("g++") is None:
        pytest.skip("there is no g++ to build the pretend device with")
    folder = tmp_path_factory.mktemp("devices")
    build(folder / "pretend.so")
    head, *lines = rows.splitlines()
    moods = ("lively", "calm", "wistful")
    extras = [f"{moods[n % 3]},{3 + n},2025-03-{n % 6 + 1:02d}T08:30" for n in range(len(lines))]
    table = [f"{head},mood,price,date", *(f"{line},{extra}" for line, extra in zip(lines, extras, strict=True))]
    (folder / "items.csv").write_text("\n".join(table), encoding="utf-8")
    command = [sys.executable, "-W", "ignore", HERE / "trainings.py", folder / "pretend.so", folder / "items.csv"]
    path = os.pathsep.join(filter(None, (str(HERE.parents[1]), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, "DRIFTREC_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, tiny_model, folder], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads((folder / "told.json").read_text(encoding="utf-8"))
    return Found(told, np.load(folder / "arrays.npz"), folder)


def alike(one: Path, other: Path) -> dict[str, torch.Tensor]:
    """Of every number of every weight of two runs whether it is the same, bool; runs of other weights are refused."""
    mine, theirs = (load_file(run / "checkpoint.safetensors") for run in (one, other))
    if mine.keys() != theirs.keys():
        raise AssertionError(f"{one} and {other} hold other weights: {sorted(mine.keys() ^ theirs.keys())}")
    return {name: torch.isclose(theirs[name], value, CLOSE, CLOSE) for name, value in mine.items() if value.numel()}


def share(same: dict[str, torch.Tensor]) -> float:
    """Of all numbers that are the same."""
    return torch.cat([each.flatten() for each in same.values()]).float().mean().item()


@pytest.mark.parametrize("name", [*KINDS, *ON_RANKERS, *STOCK])
def test_what_is_learned_is_the_same(found, name):
    same = alike(found.folder / "cpu" / name, found.folder / NAME / name)
    assert [weight for weight, each in same.items() if each.float().mean() < 0.5] == []
    assert share(same) >= 1 - FEW


@pytest.mark.parametrize("name", [*KINDS, *ON_RANKERS, *STOCK, "refitted", "model file"])
def test_what_is_told_of_updates_and_earned_is_the_same(found, name):
    assert found.told[NAME][name] == pytest.approx(found.told["cpu"][name], CLOSE, CLOSE)


def test_trainings_learned_something(found):
    """Else equal weights would say nothing: PPO's moved, and the critic's error is told of every update."""
    assert sum(name.startswith("loss/value at") for name in found.told[NAME]["news"]) == 2
    first, last = (load_file(found.folder / NAME / run / "checkpoint.safetensors") for run in ("news", "ideal"))
    for run in (first, last):
        assert run["ppo.head.out.weight"].abs().max() > CLOSE  # it begins at 0


def test_a_training_goes_on_elsewhere_to_the_same(found):
    """Begun on the device, gone on with on the CPU from a snapshot: what the CPU alone comes to."""
    assert found.told[NAME]["resumed"]["kept"] > 1
    same = alike(found.folder / "cpu" / "news", found.folder / NAME / "resumed")
    assert [weight for weight, each in same.items() if each.float().mean() < 0.5] == []
    assert share(same) >= 1 - FEW


@pytest.mark.parametrize("what", ["encoded", "shortlisted"])
def test_what_is_computed_is_the_same(found, what):
    cpu, there = (found.arrays[f"{what} {device}"] for device in ("cpu", NAME))
    assert np.abs(cpu).max() > CLOSE
    np.testing.assert_allclose(there, cpu, CLOSE, 1e-5)
