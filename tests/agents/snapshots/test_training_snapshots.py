"""Stages and states of a training in a folder: taken up, refused, offered, and never in the way."""

import errno
from functools import partial

import pytest
import torch
from torch import nn

from driftrec.agents.snapshots import snapshot_folder
from driftrec.agents.snapshots.snapshot_file import SpoiltError
from driftrec.agents.snapshots.snapshot_folder import SnapshotFolder
from driftrec.agents.snapshots.training_snapshots import TrainingSnapshots


class Counting:
    """Stands for a curve."""

    def __init__(self):
        self.steps = 0

    def kept(self):
        return self.steps

    def go_on(self, steps):
        self.steps = steps


@pytest.fixture
def begin(tmp_path):
    """Begins, or goes on with, a run; its snapshots, curve and lines."""

    def call(every=10, **of):
        curve, lines = Counting(), []
        folder = SnapshotFolder(tmp_path, {"seed": 3, **of}, lines.append)
        return TrainingSnapshots(folder, curve, every, lines.append), curve, lines

    return call


def raised(module, curve, by):
    """A stage's work: raises the weights and takes steps."""

    def work():
        with torch.no_grad():
            module.weight += by
        curve.steps += 5
        return [by, 7]

    return work


def test_a_finished_stage_is_not_done_again(begin):
    (first, curve, _), module = begin(), nn.Linear(2, 1)
    assert first.stage("fit", module, raised(module, curve, 2.0)) == [2.0, 7]
    (again, later, _), other = begin(), nn.Linear(2, 1)
    assert again.stage("fit", other, lambda: pytest.fail("done again")) == [2.0, 7]
    assert torch.equal(other.weight, module.weight)
    assert later.steps == 5


def test_states_are_taken_every_so_many_steps_and_the_last_two_stay(begin, tmp_path):
    taken, _, _ = begin(every=10)
    due = []
    for steps in range(0, 45, 5):
        if taken.due(steps):
            taken.take(steps, partial(int, steps))
            due.append(steps)
    assert due == [10, 20, 30, 40]
    names = [path.name for path in sorted((tmp_path / "progress").iterdir())]
    assert names == ["step-000000000030.snapshot", "step-000000000040.snapshot"]
    again, _, lines = begin()
    assert again.last() == 40
    assert lines == ["Going on after 40 steps of PPO"]
    assert not again.due(49)
    assert begin(every=1)[0].due(1)


def test_a_spoilt_state_is_refused_and_the_last_good_one_offered(begin, tmp_path):
    taken, _, _ = begin()
    for steps in (10, 20):
        taken.take(steps, partial(int, steps))
    good, spoilt = sorted((tmp_path / "progress").iterdir())
    spoilt.write_bytes(spoilt.read_bytes()[:-1])
    with pytest.raises(SpoiltError, match=r"20.snapshot is not as .*The last good one is .*10.snapshot, "):
        begin()[0].last()
    spoilt.unlink()
    assert begin()[0].last() == 10
    good.write_bytes(b"")
    with pytest.raises(SpoiltError, match="None before it is whole; remove it to go on from the stages"):
        begin()[0].last()


def test_a_spoilt_stage_is_refused(begin, tmp_path):
    (first, curve, _), module = begin(), nn.Linear(2, 1)
    first.stage("fit", module, raised(module, curve, 2.0))
    (tmp_path / "progress" / "fit.snapshot").write_bytes(b"x")
    with pytest.raises(SpoiltError, match=r"fit\.snapshot is not .* Remove it, and this stage starts over\."):
        begin()[0].stage("fit", module, lambda: None)


@pytest.mark.parametrize(
    ("of", "message"),
    [
        ({"seed": 4}, r"is of another run: seed 3, not 4 as here\. Give what it was begun with"),
        ({"settings": {"ppo": {"gamma": 0.9}}}, r"settings None, not \{'ppo'"),
    ],
)
def test_a_state_of_another_run_is_refused(begin, of, message):
    begin()[0].take(10, lambda: 1)
    with pytest.raises(ValueError, match=message):
        begin(**of)[0].last()


def test_a_full_disk_is_told_and_training_goes_on(begin, monkeypatch):
    taken, curve, lines = begin()
    taken.take(10, lambda: 1)

    def full(path, tree):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(snapshot_folder, "write_snapshot", full)
        taken.take(20, lambda: 2)
        module = nn.Linear(2, 1)
        assert taken.stage("fit", module, raised(module, curve, 1.0)) == [1.0, 7]
    assert len(lines) == 2
    assert lines[0].startswith("No snapshot was written, and those before it stay: ")
    assert begin()[0].last() == 1


def test_parts_of_files_that_a_killed_process_left_are_removed(begin, tmp_path):
    begin()[0].take(10, lambda: 1)
    (tmp_path / "progress" / ".fit.snapshot.0123.part").write_bytes(b"half")
    begin()
    assert len(list((tmp_path / "progress").iterdir())) == 1


def test_too_often_is_refused(begin):
    with pytest.raises(ValueError, match="--snapshot-every is 0; give at least 1"):
        begin(every=0)


def test_a_state_that_cannot_be_kept_is_told_and_training_goes_on(begin):
    """A world's state may hold what is no array."""
    taken, _, lines = begin()

    def unkept():
        raise TypeError("a generator cannot be kept")

    taken.take(10, unkept)
    assert taken.last() is None
    assert "No snapshot was taken: a generator cannot be kept" in lines
