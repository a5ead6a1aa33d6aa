"""``driftrec fit``: from a log to a world that other verbs take."""

import json

import pandas as pd
import pytest

from driftrec.simulators.fitted.folder import load_world

FAST = ("--fitting.epochs", "1", "--fitting.dims", "2", "--bootstrap", "2", "--fitting.topics", "3")
WORLD = ("--world", "driftrec/Fitted-v0")

TRAINING = (
    *("--settings.fit.lanes", "16", "--settings.fit.log-steps", "6", "--settings.fit.rounds", "1"),
    *("--settings.fit.epochs", "1", "--settings.fit.batch-size", "64"),
    *("--settings.ppo.total-steps", "128", "--settings.ppo.lanes", "16", "--settings.ppo.rollout", "4"),
    *("--settings.ppo.batch-size", "64", "--settings.ppo.epochs", "1"),
    *("--settings.validations", "2", "--settings.validation-users", "4"),
)


@pytest.fixture
def log(driftrec):
    """A log of random slates in the made-up world."""
    flags = ("--policies", "random", "--users", "30", "--horizon", "12", "--seed", "1", "--out", "cmp")
    done = driftrec("compare", *WORLD, *flags, "--log", "log.parquet")
    assert done.status == 0, done.err
    return "log.parquet"


def test_from_a_log_to_a_comparison_in_its_world(driftrec, tmp_path, log):
    done = driftrec("fit", "--log", log, "--seed", "1", "--out", "world", *FAST)
    assert done.status == 0, done.err
    assert "drift and satiation" in done.out
    world = load_world(tmp_path / "world")
    numbers = pd.read_csv(tmp_path / "world" / "numbers.csv")
    assert numbers.set_index("name").value.to_dict() == pytest.approx(world.numbers())
    assert (numbers.low <= numbers.value).all()
    assert pd.read_csv(tmp_path / "world" / "held_out.csv").log_likelihood.lt(0).all()
    assert load_world(tmp_path / "world" / "replicate-2").ids == world.ids
    told = (*WORLD, "--options", json.dumps({"world": "world"}), "--horizon", "8")
    assert driftrec("train", *told, "--seed", "1", "--out", "run", *TRAINING).status == 0
    policies = ("random", "myopic-oracle", "ppo:run")
    done = driftrec("compare", *told, "--users", "8", "--seed", "1", "--out", "both", "--policies", *policies)
    assert done.status == 0, done.err
    assert list(json.loads((tmp_path / "both" / "summary.json").read_text())["policies"]) == [
        "random",
        "myopic-oracle",
        "ppo",
    ]
    done = driftrec("gap", *told, "--users", "8", "--seed", "1")
    assert "No planner is known of driftrec/Fitted-v0" in done.out


def test_ratings_by_other_names(driftrec, tmp_path):
    rows = [f"{u},{(u * 3 + e) % 9},{1_000_000_000 + e * 90_000},{1 + e % 5}" for u in range(12) for e in range(8)]
    (tmp_path / "ratings.csv").write_text("userId,movieId,timestamp,rating\n" + "\n".join(rows))
    columns = ("--columns", "user=userId,item=movieId,time=timestamp,engagement=rating")
    assert driftrec("fit", "--log", "ratings.csv", *columns, "--seed", "1", "--out", "a", *FAST).status == 0
    done = driftrec("fit", "--movielens", ".", "--shuffle", "--seed", "1", "--out", "b", *FAST)
    assert done.status == 0, done.err
    assert "The log does not tell what was shown and passed over" in done.out
    assert load_world(tmp_path / "a").ids == load_world(tmp_path / "b").ids


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Give one of --log FILE and --movielens FOLDER."),
        (("--log", "a.csv", "--movielens", "."), "Give one of --log FILE and --movielens FOLDER."),
        (("--log", "no.csv"), "There is no log no.csv"),
        (("--movielens", "."), "holds no ratings.csv and no ratings.dat"),
        (("--log", "no.csv", "--min-events", "0"), "--min-events is 0; it must be at least 1."),
    ],
)
def test_mistakes_end_in_one_line(driftrec, words, message):
    done = driftrec("fit", *words, "--seed", "1")
    assert (done.status, message in done.err) == (2, True), done.err
    assert len(done.err.splitlines()) == 1
