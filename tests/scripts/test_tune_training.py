"""``driftrec tune train``: trainings are tried, bad ones end early, and what is found can be trained with."""

import json
import tomllib

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.runs import training_search
from driftrec.agents.runs.training_search import TRAINING_SPACE, searched, with_parameters
from driftrec.agents.worlds.kits import settings_of
from driftrec.agents.worlds.settings import TrainSettings
from driftrec.simulators.settings import updated

WORLD = ("--world", "driftrec/Sardine-SlateTopK-BoredInf-v0", "--slate-size", "4", "--horizon", "6")
SMALL = {
    "fit": {"lanes": 16, "log_steps": 12, "rounds": 1, "epochs": 1, "batch_size": 64},
    "ppo": {"total_steps": 256, "lanes": 16, "rollout": 8, "batch_size": 64, "candidates": 20},
    "validations": 3,
    "validation_users": 8,
}


@pytest.fixture
def start(tmp_path):
    """A run whose settings are small."""
    (tmp_path / "start").mkdir()
    (tmp_path / "start" / "config.json").write_text(json.dumps({"settings": SMALL}))
    return "train:start"


def trains_as_told(monkeypatch, curves):
    """In place of training, measurements: of each setting in turn those of ``curves``, or an error."""
    left = iter(curves)

    def train(setup, settings, *, seed, folder, record):
        told = next(left)
        if isinstance(told, BaseException):
            raise told
        for number, value in enumerate(told):
            record(number * 100, {"engagement/ranker": 99.0})
            record(number * 100, {"engagement/ppo": value})

    monkeypatch.setattr(training_search, "train", train)
    told = {"users": 5, "tuned": 2.0, "default": 1.0, "difference": {"mean": 1.0, "low": 0.5, "high": 1.5}}
    monkeypatch.setattr("driftrec.scripts.tune_training.validate_trainings", lambda *args, **others: told)


def test_what_is_behind_ends_early_and_what_fails_is_passed_over(driftrec, start, monkeypatch, tmp_path):
    curves = [[1, 2, 3], [1, 2, 4], [1, 2, 2], ValueError("ppo diverged"), [1, 1, 9], [1, 3, 5]]
    trains_as_told(monkeypatch, curves)
    done = driftrec("tune", start, *WORLD, "--trials", "6", "--seed", "2", "--out", "mine")
    assert done.status == 0, done.err
    trials = pd.read_csv(tmp_path / "mine" / "trials.csv")
    assert trials.ended.tolist() == ["done", "done", "done", "ppo diverged", "pruned", "done"]
    # Break: without should_prune in training_search the fifth goes on to its 9, and the next two lines fail.
    np.testing.assert_array_equal(trials.engagement, [3, 4, 2, np.nan, 1, 5])
    assert "Best, trial 6: " in done.out
    assert "On 5 fresh users: 2.0, the settings as they are 1.0; difference 1.0 [0.5, 1.5]" in done.out
    assert "(ppo diverged)" in done.out
    best = trials.iloc[5][list(searched(with_small()))].to_dict()
    found = tomllib.loads((tmp_path / "mine" / "best.toml").read_text())
    expected = with_parameters(with_small(), best)
    assert updated(with_small(), found["settings"], "settings") == expected
    assert found["world"] == WORLD[1]


def test_a_search_goes_on_to_the_same_end(driftrec, start, monkeypatch, tmp_path):
    curves = [[1, 2, 3], [1, 2, 4], ValueError("ppo diverged"), [1, 2, 2], [1, 1, 9], [1, 3, 5]]
    trains_as_told(monkeypatch, curves)
    assert driftrec("tune", start, *WORLD, "--trials", "6", "--seed", "2", "--out", "whole").status == 0
    trains_as_told(monkeypatch, [*curves[:3], KeyboardInterrupt()])
    done = driftrec("tune", start, *WORLD, "--trials", "6", "--seed", "2", "--out", "cut")
    assert (done.status, done.err) == (
        130,
        "driftrec tune: interrupted: cut holds the trials; driftrec tune --resume cut goes on.\n",
    )
    trains_as_told(monkeypatch, curves[3:])  # no training more than are left
    done = driftrec("tune", "--resume", "cut")
    assert done.status == 0, done.err
    for file in ("trials.csv", "best.toml", "check.json"):
        assert (tmp_path / "cut" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


def with_small():
    """The settings that the fixtures start from."""
    return updated(settings_of(WORLD[1]), SMALL, "settings")


def test_the_settings_as_they_are_must_do(driftrec, start, monkeypatch, tmp_path):
    trains_as_told(monkeypatch, [ValueError("ppo diverged")])
    done = driftrec("tune", start, *WORLD, "--trials", "2", "--seed", "2", "--out", "mine")
    assert (done.status, done.err) == (2, "driftrec tune: ppo diverged\n")


def test_what_is_found_trains(driftrec, start, tmp_path):
    done = driftrec("tune", start, *WORLD, "--trials", "2", "--check-users", "6", "--seed", "2", "--out", "mine")
    assert done.status == 0, done.err
    assert "It took" in done.out
    trials = pd.read_csv(tmp_path / "mine" / "trials.csv")
    assert trials.ended.tolist() == ["done", "done"]
    as_they_are = {name: group_value(with_small(), name) for name in searched(with_small())}
    assert trials.iloc[0][list(as_they_are)].to_dict() == pytest.approx(as_they_are)
    assert not np.allclose(trials.iloc[1][list(as_they_are)].astype(float), list(as_they_are.values()))
    for number, trial in trials.iterrows():
        curve = pd.read_csv(tmp_path / "mine" / f"trial-{number:03d}" / "curve.csv")
        assert trial.engagement == curve[curve.stage == "ppo"].mean_episode_engagement.max()
    check = json.loads((tmp_path / "mine" / "check.json").read_text())
    assert check["tuned"] - check["default"] == pytest.approx(check["difference"]["mean"])
    done = driftrec("train", "--from", "mine/best.toml", "--seed", "2", "--out", "again")
    assert done.status == 0, done.err
    best = int(trials.engagement.idxmax())
    left, right = (pd.read_csv(tmp_path / run / "curve.csv") for run in (f"mine/trial-{best:03d}", "again"))
    assert left.mean_episode_engagement.tolist() == right.mean_episode_engagement.tolist()  # the same training


def group_value(settings, name):
    """A setting by its dotted name."""
    group, _, field = name.partition(".")
    return getattr(getattr(settings, group), field)


def test_a_discount_that_the_world_does_without_stays():
    usual = settings_of("driftrec/RecSim-InterestExploration-v0")
    assert usual.ppo.gamma == 0
    assert searched(usual).keys() == TRAINING_SPACE.keys() - {"ppo.gamma"}


def test_the_usual_settings_are_searched_in_full():
    assert searched(TrainSettings()) == TRAINING_SPACE


def test_a_run_of_another_kind_is_refused(driftrec, tmp_path):
    (tmp_path / "start").mkdir()
    (tmp_path / "start" / "config.json").write_text(json.dumps({"settings": {"slateq": {}}}))
    done = driftrec("tune", "train:start", *WORLD)
    assert done.status == 2
    assert done.err.startswith(
        "driftrec tune: start/config.json holds no settings of driftrec train in driftrec/Sardine"
    )
