"""SlateQ and stable-baselines3's algorithms go on from their last snapshot, to the same bytes."""

import time

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.evaluation.keep_best import KeepBest
from driftrec.agents.runs import baselines
from driftrec.agents.runs.checkpoint import FILE
from driftrec.agents.slateq.slateq_training import Learner
from driftrec.agents.snapshots.snapshot_folder import FOLDER, SnapshotFolder
from driftrec.agents.stock.stock_training import StockSACSettings
from tests.agents.runs.killed import killed_after
from tests.agents.runs.toy_baselines import KINDS, SETTINGS, ranker_in, train

pytestmark = pytest.mark.usefixtures("one_thread")

STEPS = {"slateq": 16, "sb3-ppo": 16, "sb3-sac": 16}
"""Environment steps taken at a time; a snapshot is taken whenever there could be one."""
SMALL = StockSACSettings(
    total_steps=128, lanes=16, memory=96, warm_up=32, batch_size=16, gradients=1, validation_users=4
)
"""Its buffer begins anew within the training."""
HOW = {**SETTINGS, "sb3-sac": SMALL}
PARTS = {
    "slateq": ("explorer", "learner", "replay"),
    "sb3-ppo": ("optimizers", "counters", "lanes", "random"),
    "sb3-sac": ("optimizers", "counters", "lanes", "random", "off policy"),
}


class CutError(Exception):
    """Ends a training in a test."""


@pytest.fixture(autouse=True)
def last_weights(monkeypatch):
    """Runs keep the last weights, which all steps went into, not the best."""
    monkeypatch.setattr(KeepBest, "restore", lambda self: None)


@pytest.fixture(scope="module")
def setup(make_setup):
    return make_setup(horizon=3)  # users come and go


@pytest.fixture(scope="module")
def begin(setup, tmp_path_factory):
    """Trains a kind in a folder, or goes on there."""
    ranker = ranker_in(tmp_path_factory.mktemp("ranker"), setup)

    def call(kind, folder, report=print, **told):
        kept = SnapshotFolder(folder, {"kind": kind}, report)
        told = {"seed": 3, "folder": folder, "kept_in": kept, "snapshot_every": STEPS[kind], **told}
        train(setup, kind, HOW[kind], ranker, **told)

    return call


@pytest.fixture(scope="module")
def whole(begin, one_thread, tmp_path_factory):
    """Folders of trainings that nothing cut short, and their seconds, by kind; ``last_weights`` holds for them."""
    done = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KeepBest, "restore", lambda self: None)
        for kind in KINDS:
            begun, folder = time.perf_counter(), tmp_path_factory.mktemp(kind)
            begin(kind, folder, kept_in=None)
            done[kind] = folder, time.perf_counter() - begun
    return done


def cut(begin, kind, folder, after):
    """Train until so many steps were taken."""

    def stop(steps, engagement):
        if steps >= after:
            raise CutError

    with pytest.raises(CutError):
        begin(kind, folder, progress=stop)


@pytest.mark.parametrize("after", [16, 48, 112])
@pytest.mark.parametrize("kind", KINDS)
def test_a_training_cut_short_ends_with_the_same_bytes(begin, whole, tmp_path, kind, after):
    """Before the first gradient, after it, and when the buffer of SAC has begun anew."""
    cut(begin, kind, tmp_path, after)
    lines = []
    begin(kind, tmp_path, lines.append)
    assert lines == [f"Going on after {after} steps of {kind}"]
    folder, _ = whole[kind]
    assert (tmp_path / FILE).read_bytes() == (folder / FILE).read_bytes()
    curves = [pd.read_csv(each / "curve.csv").drop(columns="seconds") for each in (folder, tmp_path)]
    pd.testing.assert_frame_equal(*curves)


@pytest.mark.parametrize(("kind", "part"), [(kind, part) for kind in KINDS for part in PARTS[kind]])
def test_without_any_part_of_the_state_the_bytes_are_others(begin, whole, tmp_path, monkeypatch, kind, part):
    """That the test above can fail."""
    cut(begin, kind, tmp_path, 64)
    monkeypatch.setattr(Learner, "_take_up", without(part, Learner._take_up, lambda learner: learner._state()))
    put = without(part, baselines.put_stock_state, begun)
    monkeypatch.setattr(baselines, "put_stock_state", put)
    begin(kind, tmp_path)
    assert (tmp_path / FILE).read_bytes() != (whole[kind][0] / FILE).read_bytes()


def begun(model):
    """Its state with the first users."""
    model.env.reset()
    return baselines.stock_state(model)


def without(part, put, state):
    """``put`` that leaves ``part`` as it is at the start, when ``state`` tells it."""

    def partly(learner, tree):
        put(learner, tree if tree is None else {**tree, part: state(learner)[part]})

    return partly


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_random_moments(begin, whole, tmp_path, kind):
    (folder, seconds), rng = whole[kind], np.random.default_rng(4)
    for number in range(3):
        run = tmp_path / str(number)
        while not killed_after(rng.uniform(0.1, 0.95) * seconds, lambda run=run: begin(kind, run)):
            run = tmp_path / f"{run.name}-again"  # it was quicker
        begin(kind, run)
        assert (run / FILE).read_bytes() == (folder / FILE).read_bytes()


def test_a_spoilt_snapshot_is_refused_and_those_before_it_stay(begin, whole, tmp_path):
    cut(begin, "slateq", tmp_path, 64)
    last = max((tmp_path / FOLDER).glob("step-*"))
    last.write_bytes(last.read_bytes()[:-9])
    with pytest.raises(ValueError, match=rf"{last.name} is not as it was written.* The last good one is .*-0*48\."):
        begin("slateq", tmp_path)
    last.unlink()
    begin("slateq", tmp_path)
    assert (tmp_path / FILE).read_bytes() == (whole["slateq"][0] / FILE).read_bytes()
