"""What runs leave, mutated: see ``test_damaged_files.py``."""

import io
import json
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO
from torch import nn

from driftrec.agents.comparison.added import read_compared
from driftrec.agents.evaluation.curves import read_curves
from driftrec.agents.evaluation.summary import write_results
from driftrec.agents.ranker.protocol import Logs
from driftrec.agents.report.packed import pack
from driftrec.agents.rounds.arms import Arm
from driftrec.agents.rounds.folder import RECORD, SLATES, USERS, RoundsFolder, resumed, stamp
from driftrec.agents.rounds.plan import Deployment
from driftrec.agents.rounds.play_round import _crowd
from driftrec.agents.rounds.updates import load_logs, save_logs
from driftrec.agents.runs.checkpoint import FILE, load_checkpoint, save_checkpoint
from driftrec.agents.runs.resume import begun
from driftrec.agents.runs.tuned import BEST_FILE, tuned, tuned_elsewhere
from driftrec.agents.scorecard.scorecard import FORMAT as CARD_FORMAT
from driftrec.agents.scorecard.scorecard import read_score
from driftrec.agents.setup import WorldArgs
from driftrec.agents.snapshots.snapshot_file import read_snapshot, write_snapshot
from driftrec.agents.stock.model_file import read_model
from driftrec.envs import NewsEnv, OneItem
from driftrec.simulators.fitted.example import made_up
from driftrec.simulators.fitted.folder import load_world, save_world
from driftrec.simulators.moving.crowd import arrays_of, first_crowd
from tests.agents.evaluation.conftest import episodes, journeys, results, shown, steps, summary  # noqa: F401
from tests.agents.rounds.toy_rounds import toy_plan, toy_setup
from tests.damaged import tried

CASES = 150
"""A file."""


@pytest.fixture(scope="module")
def saved_model():
    """A small model of stable-baselines3 as ``model.save`` writes it."""
    file = io.BytesIO()
    env = OneItem(NewsEnv(slate_size=1, history=2))
    PPO("MultiInputPolicy", env, n_steps=2, batch_size=2, policy_kwargs={"net_arch": [2]}, device="cpu").save(file)
    return file.getvalue()


class Part(nn.Module):
    """A layer."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)


SETUP = SimpleNamespace(fingerprints=lambda: {"items": "1" * 64})
CONFIG = {"world": {"world": "a", "slate_size": 3}, "seed": 7, "kind": "ppo", "settings": {"ppo": {"gamma": 0.5}}}


def test_checkpoints(tmp_path):
    save_checkpoint(tmp_path / FILE, {"ranker": Part()}, CONFIG, SETUP)
    refused = tried(lambda: load_checkpoint(tmp_path, SETUP), tmp_path / FILE, 5 * CASES)
    assert refused > 0.95 * 5 * CASES


def test_snapshots(tmp_path):
    tree = {"weights": torch.ones(3), "seeds": np.arange(4, dtype=np.uint64), "words": ["a", 1.5, None]}
    write_snapshot(tmp_path / "a.snapshot", tree)
    assert tried(lambda: read_snapshot(tmp_path / "a.snapshot"), tmp_path / "a.snapshot", 5 * CASES) > 0.95 * 5 * CASES


@pytest.mark.parametrize("name", ["world.json", "world.safetensors"])
def test_fitted_worlds(name, tmp_path):
    save_world(tmp_path / "world", made_up())
    assert tried(lambda: load_world(tmp_path / "world"), tmp_path / "world" / name, CASES) > CASES // 2


def test_tuned_folders(tmp_path):
    best = {"half_life": 24.0, "epsilon": 0.2}
    found = {"policy": "epsilon-content", "best": {**best, "trial": 1, "engagement": 3.0}, "world": {"horizon": 5}}
    (tmp_path / BEST_FILE).write_text(json.dumps({**found, "fingerprints": {"items": "1" * 64}}))
    setup = SimpleNamespace(fingerprints=SETUP.fingerprints, args=WorldArgs(horizon=6))

    def read():
        tuned(str(tmp_path))
        tuned_elsewhere(setup, str(tmp_path))

    assert tried(read, tmp_path / BEST_FILE, 2 * CASES) > CASES // 2


def test_results(tmp_path, results):  # noqa: F811
    """Every file of a comparison, its configuration too."""
    write_results(tmp_path, results)
    (tmp_path / "config.json").write_text(json.dumps({"world": "a", "fingerprints": {"items": "1" * 64}}))
    (tmp_path / "curve.csv").write_text(
        "stage,env_steps,seconds,mean_episode_engagement\nppo,0,0.5,3.5\nppo,9,1.0,4.5\n"
    )
    files = [f"{name}.csv" for name in ("episodes", "steps", "journeys")]
    for name in (*files, "summary.json", "config.json"):
        assert tried(lambda: read_compared(tmp_path), tmp_path / name, CASES // 3), name
    assert tried(lambda: read_curves([tmp_path]), tmp_path / "curve.csv", CASES)


def test_packed_results(tmp_path, results):  # noqa: F811
    pack(results, tmp_path / "run", tmp_path / "packed")
    for name in ("episodes.parquet", "journeys.parquet"):
        assert tried(lambda: read_compared(tmp_path / "packed"), tmp_path / "packed" / name, CASES // 3)


@pytest.mark.parametrize("verb", ["train", "compare", "rounds"])
def test_configurations_of_runs_to_go_on_with(verb, tmp_path):
    told = {"verb": verb, "asked": {"world": "a"}, "seed": 3}
    if verb == "rounds":
        told = stamp(Deployment(toy_plan(), toy_setup()))
    (tmp_path / "config.json").write_text(json.dumps(told))
    read = {"rounds": lambda: resumed(tmp_path)}.get(verb, lambda: begun(tmp_path, verb, FILE))
    assert tried(read, tmp_path / "config.json", CASES) > CASES // 4


def test_scorecards(tmp_path):
    (tmp_path / "score.json").write_text(json.dumps({"format": CARD_FORMAT, "policies": {"a": {"score": 1.0}}}))
    assert tried(lambda: read_score(tmp_path), tmp_path / "score.json", CASES) > CASES // 4


@pytest.mark.parametrize("part", ["data", "policy.pth", "all"])
def test_model_files(part, tmp_path, saved_model):
    """The zip of ``model.save``; and its parts under right checksums of the zip."""
    content, file = saved_model, tmp_path / "model.zip"
    file.write_bytes(content)
    if part == "all":
        assert tried(lambda: read_model(str(file)), file, CASES) > CASES // 4
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in ("data", "policy.pth")}
    (tmp_path / part).write_bytes(parts[part])

    def read():
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in parts.items():
                archive.writestr(name, (tmp_path / part).read_bytes() if name == part else data)
        read_model(str(file))

    tried(read, tmp_path / part, CASES)


@pytest.mark.parametrize("name", [USERS, SLATES, RECORD])
def test_what_rounds_leave_to_the_next(name, tmp_path):
    arm, folder = Arm("ppo", "ppo"), RoundsFolder(tmp_path)
    place, where = Deployment(toy_plan(users=2), toy_setup()), folder.round(arm, 0)
    where.mkdir(parents=True)
    np.savez(where / USERS, **arrays_of(first_crowd(place.course, place.world(0), 2)))
    one = torch.ones(2, 3)
    save_logs(Logs({"a": one}, one, one, one, one), where / SLATES)
    (where / RECORD).write_text(json.dumps({"arm": "ppo", "round": 0, "next": "ppo-0001"}))
    read = {
        USERS: lambda: _crowd(place, folder, arm, 1),
        SLATES: lambda: load_logs(where / SLATES),
        RECORD: lambda: folder.record(arm, 0),
    }[name]
    assert tried(read, where / name, CASES // 3)
