"""Trainings that were cut short go on to the same bytes; ``killed.py`` beside this file tries it twenty times."""

import errno
from functools import partial

import pandas as pd
import pytest

from driftrec.agents.evaluation.keep_best import KeepBest
from driftrec.agents.ppo import ppo_state
from driftrec.agents.ppo.learner import PPOLearner
from driftrec.agents.runs.checkpoint import FILE
from driftrec.agents.runs.folders import versions
from driftrec.agents.runs.train import train
from driftrec.agents.setup import NEWS, WorldArgs
from driftrec.agents.snapshots import snapshot_folder
from driftrec.agents.snapshots.snapshot_folder import FOLDER
from driftrec.agents.worlds.kits import settings_of
from driftrec.simulators.settings import updated
from tests.agents.every_world import made
from tests.agents.runs.killed import EVERY, kill_and_resume
from tests.agents.runs.toy_runs import TOY, WORLDS, settings, trained

EVOLUTION = partial(trained, "evolution")


class CutError(Exception):
    """Ends a training in a test."""


@pytest.fixture(autouse=True)
def last_weights(monkeypatch):
    """Runs keep the last weights, which all rollouts went into, not the best."""
    monkeypatch.setattr(KeepBest, "restore", lambda self: None)


@pytest.fixture(scope="module")
def whole(one_thread, tmp_path_factory):
    """A folder of a training of InterestEvolution that nothing cut short; ``last_weights`` holds for it."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KeepBest, "restore", lambda self: None)
        trained("evolution", folder)
    return folder


def cut(monkeypatch, folder, rollouts, training=EVOLUTION):
    """Train in ``folder`` up to so many rollouts, those in which values alone are learned among them."""
    left, keep = [rollouts], PPOLearner._keep

    def kept(self, what):
        keep(self, what)
        left[0] -= 1
        if left[0] < 0:
            raise CutError

    with monkeypatch.context() as patch:
        patch.setattr(PPOLearner, "_keep", kept)
        with pytest.raises(CutError):
            training(folder, snapshot_every=EVERY)


CARRYING = {
    "beliefs of listeners": (WorldArgs("driftrec/Music-v0", horizon=12, history=24), "belief"),
    "beliefs of topics": (WorldArgs("driftrec/Video-v0", horizon=12, history=24), "belief"),
    "hidden vectors": (WorldArgs(NEWS, horizon=12, slate_size=5, history=15), "recurrent"),
}


@pytest.mark.parametrize(("args", "encoder"), CARRYING.values(), ids=CARRYING)
def test_what_is_carried_from_request_to_request_goes_on(one_thread, tmp_path, monkeypatch, args, encoder):
    """Rollouts end in the midst of lives. Seen to fail with what is carried taken out of ``Recall.CHANGING``."""
    setup = made(args)
    believing = {"prices": {"users": 4, "rounds": 1, "samples": 4}, "belief_steps": 3} if encoder == "belief" else {}
    changed = {**TOY, **believing, "encoder": encoder, "refits": 1, "future": {"weights": [0], "users": 4}}
    told = updated(settings_of(args.world), changed)

    def training(folder, **more):
        train(setup, told, seed=5, folder=folder, **more)

    training(tmp_path / "whole")
    cut(monkeypatch, tmp_path / "cut", 2, training)
    training(tmp_path / "cut")
    assert (tmp_path / "cut" / FILE).read_bytes() == (tmp_path / "whole" / FILE).read_bytes()


@pytest.mark.parametrize("rollouts", [0, 1, 3, 5])
def test_a_training_cut_short_ends_with_the_same_bytes(whole, tmp_path, monkeypatch, rollouts):
    """Two rollouts learn values alone, four more the policy; curves are the same but for seconds."""
    cut(monkeypatch, tmp_path, rollouts)
    lines = []
    trained("evolution", tmp_path, report=lines.append)
    assert not any(line.startswith("Ranker, pass") for line in lines)
    assert (f"Going on after {EVERY * rollouts} steps of PPO" in lines) is (rollouts > 0)
    assert (tmp_path / FILE).read_bytes() == (whole / FILE).read_bytes()
    curves = [pd.read_csv(folder / "curve.csv").drop(columns="seconds") for folder in (whole, tmp_path)]
    pd.testing.assert_frame_equal(*curves)
    assert not (tmp_path / FOLDER).exists()


@pytest.mark.parametrize("part", ["optimizer", "lanes", "random", "counters"])
def test_without_any_part_of_the_state_the_bytes_are_others(whole, tmp_path, monkeypatch, part):
    """That the test above can fail."""
    cut(monkeypatch, tmp_path, 4)
    put = ppo_state.put_ppo_state

    def partly(model, tree):
        new = {**ppo_state.ppo_state(model), "lanes": None}
        if part == "lanes":
            monkeypatch.setattr(ppo_state, "layers_of", lambda env: iter(()))
        put(model, {**tree, part: [] if part == "lanes" else new[part]})

    monkeypatch.setattr("driftrec.agents.ppo.learner.put_ppo_state", partly)
    trained("evolution", tmp_path)
    assert (tmp_path / FILE).read_bytes() != (whole / FILE).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["evolution", "ideal"])
def test_killed_at_random_moments(name, tmp_path, one_thread):
    assert [same for *_, same in kill_and_resume(name, 3, 1, tmp_path)] == [True] * 3


def test_a_full_disk_loses_nothing(whole, tmp_path, monkeypatch):
    """No snapshot after the first stage can be written, nor the checkpoint: the run goes on from that stage."""
    write, lines = snapshot_folder.write_snapshot, []

    def full(path, tree):
        if path.stem != "fit-1":
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, tree)

    with monkeypatch.context() as patch:
        patch.setattr(snapshot_folder, "write_snapshot", full)
        patch.setattr("driftrec.agents.runs.train.save", lambda *told: full(tmp_path / FILE, told))
        with pytest.raises(OSError, match="No space left"):
            trained("evolution", tmp_path, snapshot_every=EVERY, report=lines.append)
    assert "No snapshot was written, and those before it stay: [Errno 28] No space left on device" in lines
    assert [path.stem for path in (tmp_path / FOLDER).iterdir()] == ["fit-1"]
    trained("evolution", tmp_path)
    assert (tmp_path / FILE).read_bytes() == (whole / FILE).read_bytes()


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"seed": 6}, "is of another run: seed 5, not 6 as here"),
        ({"changes": {"validation_users": 9}}, r"another run: settings\.validation_users 8, not 9 as here"),
        ({"world": "responses"}, r"another run: world\.world driftrec/RecSim-InterestEvolution-v0, not"),
        ({"version": "0.0"}, r"another run: versions\.torch .*, not 0\.0 as here"),
    ],
)
def test_snapshots_of_another_run_are_refused(tmp_path, monkeypatch, told, message):
    cut(monkeypatch, tmp_path, 0)
    if "version" in told:
        monkeypatch.setattr("driftrec.agents.runs.train.versions", lambda: {**versions(), "torch": told["version"]})
    name = told.get("world", "evolution")
    with pytest.raises(ValueError, match=message):
        train(made(WORLDS[name]), settings(name, **told.get("changes", {})), seed=told.get("seed", 5), folder=tmp_path)
