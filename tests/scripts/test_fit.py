"""``driftrec fit``: from a log to a world that other verbs take."""

import json
import os
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from threadpoolctl import threadpool_info

from driftrec.scripts import fit
from driftrec.simulators.fitted.example import made_up
from driftrec.simulators.fitted.folder import load_world, save_world

FAST = (
    *("--fitting.epochs", "1", "--fitting.least-steps", "1", "--fitting.dims", "2", "--fitting.topics", "3"),
    *("--bootstrap", "2"),
)
WORLD = ("--world", "driftrec/Fitted-v0")
ROOT = Path(__file__).parents[2]

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
    assert "The log's slates are of 5: say --slate-size 5 to train, compare and estimate." in done.out
    world = load_world(tmp_path / "world")
    numbers = pd.read_csv(tmp_path / "world" / "numbers.csv")
    assert numbers.set_index("name").value.to_dict() == pytest.approx(world.numbers())
    assert (numbers.low <= numbers.value)[numbers.fitted].all()
    assert numbers.low[~numbers.fitted].isna().all()
    items = pd.read_csv(tmp_path / "world" / "items.csv", dtype={"item": str})
    assert tuple(items.item) == world.ids
    assert (items.quality_sd > 0).all()
    assert len(pd.read_csv(tmp_path / "world" / "shapes.csv")) == len(world.visits.first_end) + len(
        world.visits.later_end
    ) + len(world.visits.churn_by_session)
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


def test_threads_are_processes_and_each_computes_with_one(driftrec, log, monkeypatch):
    """Sums of several threads have other last bits: with two, the texts of MovieLens had."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    found = []

    def spied(lives, fitter, bootstrap):
        found.extend(fitter.engine.map(lambda job, tell: (os.getpid(), torch.get_num_threads()), [0, 1], print))
        found.append((os.getpid(), max(each["num_threads"] for each in threadpool_info())))
        raise ValueError("seen")

    monkeypatch.setattr(fit, "fit_world", spied)
    try:
        assert "seen" in driftrec("fit", "--log", log, "--seed", "1").err
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    processes, threads = zip(*found, strict=True)
    assert os.getpid() not in processes[:2]
    assert threads == (1, 1, 1)


def printed(page):
    """The four commands of a page."""
    (block,) = [
        b for b in re.findall(r"((?:^    driftrec .*\n)+)", page.read_text(), re.MULTILINE) if "my-world/rep" in b
    ]
    return [shlex.split(line)[1:] for line in block.splitlines()]


def test_four_commands_from_two_files_as_printed(driftrec, tmp_path, rows, tiny_model):
    """On a dozen made-up items and thirty users; but for the language model and the sizes, the words are the pages'."""
    commands = printed(ROOT / "docs" / "fit.md")
    assert commands == printed(ROOT / "README.md")
    (tmp_path / "items.csv").write_text(rows)
    ids = [line.split(",")[0] for line in rows.splitlines()[1:]]
    rng = np.random.default_rng(1)
    events = [
        (f"u{u}", ids[rng.integers(len(ids))], 5.0 * (e // 3) + 0.1 * (e % 3)) for u in range(30) for e in range(12)
    ]
    log = pd.DataFrame(events, columns=["user", "item", "time"]).assign(engagement=1.0 + rng.integers(5, size=360))
    log.to_csv(tmp_path / "log.csv", index=False)
    sizes = [("--model", str(tiny_model)), FAST, ("--horizon", "8", *TRAINING), ("--users", "8", "--horizon", "8")]
    for words, more in zip(commands, sizes, strict=True):
        done = driftrec(*words, *more)
        assert done.status == 0, done.err
    page = (tmp_path / "my-world" / "realism.html").read_text()
    assert page.count("<svg") == 2
    assert "What it may not be trusted for" in page
    told = json.loads((tmp_path / "my-world" / "realism.json").read_text())
    assert {each["baseline"] for each in told["against"]} == {
        *("popularity", "static factors", "mean of the past", "text cosine")
    }
    assert told["told_apart"].keys() == {"fitted", "static", "default numbers"}
    kept = json.loads((tmp_path / "my-world" / "world.json").read_text())["told"]["mechanisms"]
    assert len(kept["kept"] + kept["left_out"]) == 5
    (folder,) = (tmp_path / "runs").glob("*-compare")
    assert set(pd.read_csv(folder / "across.csv").policy) == {"random", "ppo"}
    assert set(pd.read_csv(folder / "worlds.csv").world) == {"my-world", "my-world/replicate-1", "my-world/replicate-2"}
    assert "was trained with" not in done.out
    done = driftrec("report", str(folder))
    assert f"Its worlds do: give {folder}/world-0" in done.err
    done = driftrec("recommend", "--run", "runs/mine", "--log", "log.csv", "--user", "u3")
    assert set(done.out.split()) & set(ids), done.err
    titled = driftrec("recommend", "--run", "runs/mine", "--log", "log.csv", "--user", "u3", "--catalogue", "items")
    told = [line for line in titled.out.splitlines() if not line.startswith("Note")]
    assert told, titled.err
    assert all(line.split("\t")[1] for line in told)


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
        (("--log", "no.csv", "--bootstrap", "1"), "--bootstrap is 1; give 0, or 2 and more, which tell how far"),
    ],
)
def test_mistakes_end_in_one_line(driftrec, words, message):
    done = driftrec("fit", *words, "--seed", "1")
    assert (done.status, message in done.err) == (2, True), done.err
    assert len(done.err.splitlines()) == 1


def test_rounds_and_scores_take_a_fitted_world(driftrec, tmp_path):
    """Failed where nothing was known of how it moves, and where random slates showed what is not on offer."""
    save_world(tmp_path / "world", made_up())
    told = (*WORLD, "--options", json.dumps({"world": "world"}), "--horizon", "8", "--seed", "1")
    sizes = ("--rounds", "2", "--users", "16", "--held-out", "20", *TRAINING, "--log", "log.csv")
    done = driftrec("rounds", *told, "--arms", "frozen", "refit", "ppo", *sizes, "--out", "rounds")
    assert done.status == 0, done.err
    log = pd.read_csv(tmp_path / "log.csv")
    assert set(log.item) <= set(made_up().ids)
    assert set(log.version) >= {"0:first", "1:first"}
    done = driftrec("rounds", *told, "--arms", "ppo@ids", "--out", "none", *sizes[:-2])
    assert "Arm 'ppo@ids' names what stands for items, and driftrec/Fitted-v0 has no texts" in done.err
    done = driftrec("score", "random", *told, "--users", "12", "--no-latency", "--out", "score")
    assert done.status == 0, done.err
    assert re.search(r"^short term 0\.00 \[0\.00, 0\.00\]$", done.out, re.MULTILINE)
