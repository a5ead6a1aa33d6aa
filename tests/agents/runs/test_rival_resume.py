"""Rivals whose training was cut short go on from the last round that was finished, to the same bytes."""

import time

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.rivals import imitation, page_search, value_iteration
from driftrec.agents.rivals.rival_settings import ImitationSettings, PageSettings, ValueSettings
from driftrec.agents.runs.checkpoint import FILE
from driftrec.agents.runs.rival_runs import train_rival
from driftrec.agents.snapshots.snapshot_file import SUFFIX
from driftrec.agents.snapshots.snapshot_folder import FOLDER, SnapshotFolder
from tests.agents.runs.killed import killed_after
from tests.agents.runs.toy_runs import trained

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = {
    "paced": PageSettings(users=8, rounds=4, samples=6, validation_users=4),
    "q2": ValueSettings(lanes=8, log_steps=30, weights=(0.5, 1.0, 2.0), users=8, validation_users=4),
    "imitation": ImitationSettings(users=16, rounds=2, epochs=4, batch_size=16, candidates=20, validation_users=4),
}
KEPT = {
    "paced": ["paced-0-0", "paced-0-1", "paced-1-0", "paced-1-1"],
    "q2": ["values-0", "weight-0", "values-1", "weight-1"],
    "imitation": ["round-0", "round-1", "round-2"],
}
LONG = {
    "paced": [(page_search, "tried")],
    "q2": [(value_iteration.ValueIteration, "_fit"), (value_iteration.ValueIteration, "_weigh")],
    "imitation": [(imitation.Imitation, "_learn")],
}
"""What takes long, and is not done again."""


@pytest.fixture(scope="module")
def ranker(tmp_path_factory, one_thread):
    """World and run folder of one."""
    folder = tmp_path_factory.mktemp("ranker")
    return trained("ideal", folder)[0], folder


@pytest.fixture(scope="module")
def whole(ranker, tmp_path_factory):
    """Folders of trainings that nothing cut short, and their seconds, by kind."""
    done = {}
    for kind in SETTINGS:
        begun, folder = time.perf_counter(), tmp_path_factory.mktemp(kind)
        rival(ranker, kind, folder)
        done[kind] = folder, time.perf_counter() - begun
    return done


def rival(ranker, kind, folder):
    setup, run = ranker
    kept = SnapshotFolder(folder, {"kind": kind}, print)
    train_rival(setup, kind, SETTINGS[kind], ranker_run=run, seed=3, folder=folder, kept_in=kept)


def count(patch, places):
    """Calls of functions from now on."""
    calls = []

    def counted(done):
        return lambda *args: calls.append(1) or done(*args)

    for place, name in places:
        patch.setattr(place, name, counted(getattr(place, name)))
    return calls


@pytest.mark.parametrize(("kind", "left"), [(kind, left) for kind in KEPT for left in range(len(KEPT[kind]))])
def test_what_is_finished_is_not_done_again(ranker, whole, tmp_path, monkeypatch, kind, left):
    """With so many rounds left on the disk; the more of them, the less is asked."""
    folder, _ = whole[kind]
    (tmp_path / FOLDER).mkdir()
    for name in KEPT[kind][:left]:
        file = f"{FOLDER}/{name}{SUFFIX}"
        (tmp_path / file).write_bytes((folder / file).read_bytes())
    with monkeypatch.context() as patch:
        calls = count(patch, LONG[kind])
        rival(ranker, kind, tmp_path)
    per_round = SETTINGS[kind].samples if kind == "paced" else 1
    assert len(calls) == per_round * (len(KEPT[kind]) - left)
    assert (tmp_path / FILE).read_bytes() == (folder / FILE).read_bytes()
    curves = [pd.read_csv(each / "curve.csv").drop(columns="seconds") for each in (folder, tmp_path)]
    pd.testing.assert_frame_equal(*curves)
    assert [path.stem for path in sorted((tmp_path / FOLDER).glob(f"*{SUFFIX}"))] == sorted(KEPT[kind])


@pytest.mark.slow
@pytest.mark.parametrize("kind", SETTINGS)
def test_killed_at_random_moments(ranker, whole, tmp_path, kind):
    """Other bytes where a search forgot its steps, or imitation the state of its generator."""
    (folder, seconds), rng = whole[kind], np.random.default_rng(2)
    for number in range(3):
        run = tmp_path / str(number)
        while not killed_after(rng.uniform(0.1, 0.95) * seconds, lambda run=run: rival(ranker, kind, run)):
            run = tmp_path / f"{run.name}-again"  # it was quicker
        rival(ranker, kind, run)
        assert (run / FILE).read_bytes() == (folder / FILE).read_bytes()


def test_rounds_of_another_kind_are_refused(ranker, whole, tmp_path):
    (tmp_path / FOLDER).mkdir()
    file = f"{FOLDER}/paced-0-0{SUFFIX}"
    (tmp_path / file).write_bytes((whole["paced"][0] / file).read_bytes())
    setup, run = ranker
    kept = SnapshotFolder(tmp_path, {"kind": "diverse"}, print)
    with pytest.raises(ValueError, match="is of another run: kind paced, not diverse as here"):
        train_rival(setup, "paced", SETTINGS["paced"], ranker_run=run, seed=3, folder=tmp_path, kept_in=kept)
