"""``--resume``: commands go on where they were cut short, and say in words where they cannot."""

import json
import shutil

import pytest

from driftrec.agents.ppo.learner import PPOLearner
from driftrec.agents.runs.checkpoint import FILE
from driftrec.agents.snapshots.snapshot_folder import FOLDER
from driftrec.scripts import train_baseline
from driftrec.scripts.arguments import parse
from tests.agents.conftest import one_thread  # noqa: F401
from tests.scripts.cut_short import WORLD, flags, killed_and_resumed

TRAINING = (
    *("--settings.fit.lanes", "16", "--settings.fit.log-steps", "12", "--settings.fit.rounds", "1"),
    *("--settings.fit.epochs", "1", "--settings.fit.batch-size", "64", "--settings.ppo.total-steps", "384"),
    *("--settings.ppo.lanes", "16", "--settings.ppo.rollout", "8", "--settings.ppo.batch-size", "64"),
    *("--settings.ppo.candidates", "20", "--settings.validations", "2", "--settings.validation-users", "8"),
)


@pytest.fixture(scope="module")
def cut_short(tmp_path_factory):
    """A training, and the same interrupted after two rollouts."""
    from driftrec.scripts import train

    folder, keep = tmp_path_factory.mktemp("cut"), PPOLearner._keep
    words = (*WORLD, *TRAINING, "--seed", "3", "--snapshot-every", "128")
    train.main(parse("train", train.Args, [*words, "--out", str(folder / "whole")]))

    def press(self, what):
        keep(self, what)
        if self._model.num_timesteps >= 256:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PPOLearner, "_keep", press)
        with pytest.raises(KeyboardInterrupt, match=r"holds what was learned so far; .* --resume .*run"):
            train.main(parse("train", train.Args, [*words, "--out", str(folder / "run")]))
    return folder


@pytest.fixture
def run(cut_short, tmp_path):
    """The interrupted one, to go on with."""
    return shutil.copytree(cut_short / "run", tmp_path / "run")


def test_train_goes_on_to_the_same_bytes(cut_short, driftrec, run):
    done = driftrec("train", "--resume", "run", *WORLD, "--seed", "3")
    assert done.status == 0, done.err
    assert "Going on after 256 steps of PPO" in done.out
    assert (run / FILE).read_bytes() == (cut_short / "whole" / FILE).read_bytes()
    assert not (run / FOLDER).exists()
    done = driftrec("train", "--resume", "run")
    assert (done.status, done.err) == (
        2,
        "driftrec train: run is finished; there is nothing left to do. Give a run that was cut short.\n",
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("none",), "none holds nothing to go on from: it has no config.json. Begin: driftrec train"),
        (("run", "--seed", "4"), "run was begun with seed 3, not 4 as here. Leave that flag out"),
        (("run", "--world", "driftrec/Sardine-SlateTopK-Bored-v0"), "run was begun with world driftrec/Sardine-"),
        (("run", *WORLD, "--settings.ppo.gamma", "0.5"), "run was begun with settings.ppo.gamma 0."),
    ],
)
def test_another_run_is_refused(driftrec, run, words, message):
    done = driftrec("train", "--resume", *words)
    assert done.status == 2
    assert done.err.startswith(f"driftrec train: {message}")
    assert done.err.count("\n") == 1


def test_a_spoilt_snapshot_is_refused_by_name(driftrec, run):
    last = max((run / FOLDER).glob("step-*"))
    last.write_bytes(last.read_bytes()[:-9])
    done = driftrec("train", "--resume", "run")
    assert done.status == 2
    assert f"{last.name} is not as it was written" in done.err
    assert "The last good one is run/progress/step-000000000128.snapshot, after 128 steps: remove" in done.err


def test_a_configuration_that_was_cut_off_or_changed_is_refused(driftrec, run):
    config = run / "config.json"
    told = json.loads(config.read_text())
    config.write_text(json.dumps({**told, "seed": 4}))
    assert "is of another run: seed 3, not 4 as here" in driftrec("train", "--resume", "run").err
    config.write_text(json.dumps({**told, "verb": "compare"}))
    assert "run was not begun with driftrec train" in driftrec("train", "--resume", "run").err
    config.write_text(json.dumps(told)[:-30])
    assert "config.json was cut off" in driftrec("train", "--resume", "run").err


BASELINES = {
    "slateq": [
        *flags("slateq.", total_steps=512, lanes=16, warm_up=32, batch_size=16),
        *flags(validations=4),
        *("--snapshot-every", "64"),
    ],
    "q1": flags(lanes=8, log_steps=8, weights=0.5, users=4),
}


def baseline(*words):
    train_baseline.main(parse("train-baseline", train_baseline.Args, list(map(str, words))))


@pytest.mark.parametrize("kind", BASELINES)
def test_a_baseline_that_is_killed_is_resumed_to_the_same_bytes(cut_short, tmp_path, kind, one_thread):  # noqa: F811
    how = [*BASELINES[kind], *flags(validation_users=4), "--seed", 3, "--ranker", cut_short / "whole"]
    words = (kind, *WORLD, *how)
    for run in killed_and_resumed(baseline, words, tmp_path, times=3, seed=0):
        assert (run / FILE).read_bytes() == (tmp_path / "whole" / FILE).read_bytes()
        assert not (run / FOLDER).exists()


def test_a_baseline_of_another_run_is_refused(cut_short, tmp_path, driftrec, monkeypatch):
    words = ("train-baseline", "q1", *WORLD, *BASELINES["q1"], "--seed", "3", "--ranker", cut_short / "whole")

    def press(*told, **more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(train_baseline, "train_rival", press)
        done = driftrec(*words, "--out", "cut")
    assert done.status == 130
    assert "cut holds no checkpoint; driftrec train-baseline --resume cut goes on" in done.err
    for flag, message in {
        ("--seed", "4"): "cut was begun with seed 3, not 4 as here. Leave that flag out",
        ("--ranker", "other"): f"cut was begun with ranker {cut_short / 'whole'}, not other as here",
        ("--settings.lanes", "9"): "cut was begun with settings.lanes 8, not 9 as here",
    }.items():
        assert message in driftrec("train-baseline", "q1", "--resume", "cut", *WORLD, *flag).err
    config = tmp_path / "cut" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "seed": 5}))
    assert (
        "begun.snapshot is of another run: seed 3, not 5 as here" in driftrec("train-baseline", "--resume", "cut").err
    )
    assert "none holds nothing to go on from" in driftrec("train-baseline", "--resume", "none").err
