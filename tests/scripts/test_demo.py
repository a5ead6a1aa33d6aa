"""``driftrec demo`` hands the other scripts one world, one seed and one new folder; once they do their work."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from driftrec.agents.evaluation.summary import read_results
from driftrec.agents.known import KNOWN
from driftrec.agents.plots.steps_plot import retention_says_something
from driftrec.agents.ppo.ppo_settings import PPOSettings
from driftrec.agents.ranker.fitting import FitSettings
from driftrec.agents.ranker.item_future import ItemFutureSettings
from driftrec.agents.runs.checkpoint import FILE, read_config
from driftrec.agents.setup import NEWS, WorldArgs, make_env
from driftrec.agents.worlds.kits import KITS, settings_of
from driftrec.agents.worlds.news import NewsKit
from driftrec.agents.worlds.settings import TextSettings
from driftrec.envs.catalogues import packaged_catalogue
from driftrec.scripts import compare, demo, train
from driftrec.simulators.catalogue import save_catalogue
from tests.drawn import ALWAYS

ORACLES = {name for name, known in KNOWN.items() if known.told}
QUIET = """
import numpy as np


class Threshold:
    def attraction(self, affinity, allure, satiation, repeat, satisfaction):
        return np.maximum(affinity, 0)

    def position_weights(self, slate_size):
        return np.ones(slate_size, np.float32)

    def choose(self, weights, draw):
        return np.where(weights.max(axis=0) > 0.3, weights.argmax(axis=0), -1)
"""
"""A choice that is no logit."""


@pytest.fixture
def calls(monkeypatch):
    """Arguments of the scripts in the order in which the demo calls them, instead of their work."""
    made = []
    monkeypatch.setattr(demo, "set_up", lambda args, device: made.append((demo, args)) or make_env(args))
    for script in (train, compare):
        monkeypatch.setattr(script, "main", lambda args, script=script: made.append((script, args)))
    return made


def test_the_demo_encodes_trains_and_compares_with_every_baseline(calls, driftrec, tmp_path):
    done = driftrec("demo", "--users", "30", "--horizon", "7", "--seed", "5")
    assert done.status == 0, done.err
    assert [script for script, _ in calls] == [demo, train, compare]
    _, training = calls[1]
    _, comparison = calls[2]
    run = Path("runs/0001-demo/train")
    assert (training.out, training.seed, training.horizon) == (run, 5, 7)
    assert (comparison.out, comparison.seed, comparison.horizon) == (Path("runs/0001-demo/compare"), 5, 7)
    assert comparison.users == 30
    of_the_run = {f"{name}:{run}" for name in ("myopic", "farsighted", "ppo")}
    assert set(comparison.policies) == {*KITS[NEWS].baselines} - {"myopic"} | of_the_run
    for name in WorldArgs.__dataclass_fields__:
        assert getattr(training, name) == getattr(comparison, name)
    assert [line.split()[0] for line in done.out.splitlines()] == ["1/3", "2/3", "3/3", "Done"]


def test_the_planner_is_left_out_where_it_is_not_wanted(calls, driftrec):
    for words in ((), ("--no-planner",)):
        assert driftrec("demo", *words).status == 0
    full, without = (args.policies for script, args in calls if script is compare)
    assert len(without) == len(full) - 1
    assert without == tuple(name.replace("0001-demo", "0002-demo") for name in full if name != "planner")


def test_oracles_are_left_out_where_a_mechanism_leaves_them_open(calls, driftrec, tmp_path):
    (tmp_path / "quiet.py").write_text(QUIET)
    done = driftrec("demo", "--config", '{"choice": {"kind": "quiet:Threshold"}}')
    assert done.status == 0, done.err
    assert "No oracles: config.choice Threshold() has no no_click" in done.out
    (without,) = (args.policies for script, args in calls if script is compare)
    assert {name.partition(":")[0] for name in without} == {*KITS[NEWS].baselines, "farsighted", "ppo"} - ORACLES


def test_a_second_demo_writes_a_new_folder(calls, driftrec, tmp_path):
    for _ in range(2):
        assert driftrec("demo").status == 0
    assert [path.name for path in sorted((tmp_path / "runs").iterdir())] == ["0001-demo", "0002-demo"]
    assert {args.seed for script, args in calls if script is train} == {0}


def test_a_catalogue_folder_is_handed_on(calls, driftrec, tmp_path):
    save_catalogue(tmp_path / "folder", *packaged_catalogue(), {})
    assert driftrec("demo", "--catalogue", "folder").status == 0
    assert [script for script, _ in calls] == [demo, train, compare]
    assert {args.catalogue for _, args in calls} == {"folder"}


def test_another_world_is_trained_with_its_own_settings_and_met_by_its_own_baselines(calls, driftrec):
    world = "driftrec/RecSim-InterestExploration-v0"
    assert driftrec("demo", "--world", world).status == 0
    _, training = calls[1]
    _, comparison = calls[2]
    assert (training.world, comparison.world) == (world, world)
    assert training.settings == settings_of(world)
    assert {name.partition(":")[0] for name in comparison.policies} == {*KITS[world].baselines, "farsighted", "ppo"}


def test_the_news_are_trained_with_one_refit_and_few_steps_of_ppo(calls, driftrec):
    assert driftrec("demo").status == 0
    _, training = calls[1]
    whole = settings_of(NEWS)
    assert training.settings == replace(whole, refits=1, ppo=replace(whole.ppo, total_steps=50_000))
    assert (whole.refits, whole.ppo.total_steps) == (3, 250_000)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--catalogue", "wrong"), "wrong is not a catalogue folder"),
        (("--horizon", "0"), "horizon is 0"),
        (("--seed", "-1"), "--seed is -1"),
    ],
)
def test_a_mistake_leaves_no_folder_behind(calls, driftrec, tmp_path, words, message):
    done = driftrec("demo", *words)
    assert done.status == 2
    assert message in done.err
    assert not list(tmp_path.iterdir())
    assert calls == []


TINY = TextSettings(
    fit=FitSettings(lanes=16, log_steps=8, rounds=1, epochs=1, batch_size=64),
    future=ItemFutureSettings(lanes=16, log_steps=20, users=4),
    ppo=PPOSettings(total_steps=256, lanes=16, rollout=4, batch_size=64, epochs=1),
    validation_users=4,
)


@pytest.mark.slow
def test_the_whole_job_on_the_packaged_news(driftrec, monkeypatch, tmp_path):
    """Nothing is replaced: only the training is shorter than ``driftrec demo`` can be told to make it."""
    monkeypatch.setattr(NewsKit, "settings", TINY)
    done = driftrec("demo", "--users", "8", "--horizon", "3", "--seed", "5")
    assert done.status == 0, done.err
    folder = tmp_path / "runs" / "0001-demo"
    assert done.out.splitlines()[-1].endswith("s: runs/0001-demo")
    assert read_config(folder / "train")["seed"] == 5
    assert {path.name for path in (folder / "train").iterdir()} == {FILE, "curve.csv", "config.json"}
    labels = [*KITS[NEWS].baselines, "farsighted", "ppo"]
    episodes = pd.read_csv(folder / "compare" / "episodes.csv")
    assert episodes.groupby("policy", sort=False).size().to_dict() == dict.fromkeys(labels, 8)
    summary = json.loads((folder / "compare" / "summary.json").read_text(encoding="utf-8"))
    assert (summary["baseline"], summary["seeds"]) == ("myopic", {"evaluation": 5, "training": [5]})
    assert list(summary["policies"]) == labels
    assert [name for name, policy in summary["policies"].items() if policy["oracle"]] == ["myopic-oracle", "planner"]
    pictures = {path.stem for path in (folder / "compare").glob("*.png")}
    assert pictures - {"retention"} == {
        *(*ALWAYS, "engagement_over_steps", "behaviour", "interest_journey", "training_curve")
    }
    results = read_results(folder / "compare")
    assert ("retention" in pictures) == retention_says_something(results.steps, results.summary["policies"])


def test_a_demo_that_fails_leaves_no_folder(calls, driftrec, tmp_path, monkeypatch):
    def fail(args):
        raise ValueError("no luck")

    monkeypatch.setattr(train, "main", fail)
    done = driftrec("demo")
    assert (done.status, done.err) == (2, "driftrec demo: no luck\n")
    assert not list((tmp_path / "runs").iterdir())
