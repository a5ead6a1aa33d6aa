"""``driftrec tune``: what it prints and leaves behind, in a tiny setting."""

import errno
import json
import re
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.comparison.tuning import defaults
from driftrec.agents.evaluation.summary import read_results
from driftrec.agents.known import KNOWN
from driftrec.scripts import tune

pytestmark = pytest.mark.slow  # for the processes that ``project`` starts

SMALL = ("--trials", "3", "--users", "6", "--check-users", "5", "--seed", "4", "--horizon", "5")


@pytest.mark.parametrize("head", ["content", "mmr"])
def test_all_trials_and_the_best_are_kept(head, project, driftrec, tmp_path):
    name = f"mmr:{project.run}" if head == "mmr" else head
    done = driftrec("tune", name, *project.world, *SMALL, "--out", "mine")
    assert done.status == 0, done.err
    lines = [line for line in done.out.splitlines() if line.startswith("Trial ")]
    assert [line.split(":")[0] for line in lines] == [f"Trial {number} of 3" for number in (1, 2, 3)]
    trials = pd.read_csv(tmp_path / "mine" / "trials.csv")
    assert trials.columns.tolist() == ["trial", *KNOWN[head].tunable, "engagement"]
    assert trials.loc[0, list(KNOWN[head].tunable)].to_dict() == defaults(head)
    found = json.loads((tmp_path / "mine" / "best.json").read_text())
    assert found["best"] == trials.loc[trials.engagement.idxmax()].to_dict()
    assert (found["policy"], found["defaults"], found["check"]["users"]) == (name, defaults(head), 5)
    low, mean, high = (found["check"]["difference"][key] for key in ("low", "mean", "high"))
    assert low <= mean <= high
    assert np.isclose(found["check"]["tuned"] - found["check"]["default"], mean)
    config = json.loads((tmp_path / "mine" / "config.json").read_text())
    assert (config["seed"], config["name"]) == (4, name)
    assert config["command"].startswith(f"driftrec tune {name} ")


@pytest.mark.parametrize("head", ["epsilon-content", "mmr"])
def test_what_was_found_takes_part_in_a_comparison(head, project, driftrec, tmp_path):
    name = f"mmr:{project.run}" if head == "mmr" else head
    assert driftrec("tune", name, *project.world, *SMALL, "--out", "mine").status == 0
    found = json.loads((tmp_path / "mine" / "best.json").read_text())
    found["best"] |= {"epsilon": 1.0} if head == "epsilon-content" else {"weight": 1.0}
    (tmp_path / "mine" / "best.json").write_text(json.dumps(found))
    comparing = ("compare", *project.world, "--horizon", "20", "--users", "20", "--seed", "1", "--out", "table")
    done = driftrec(*comparing, "--policies", "random", name, f"tuned={head}:mine")
    assert done.status == 0, done.err
    parameters = {key: found["best"][key] for key in KNOWN[head].tunable}
    summary = read_results(tmp_path / "table").summary
    assert summary["parameters"] == {"tuned": parameters}
    assert f"\ntuned: tuned to {', '.join(f'{key} {value:.4g}' for key, value in parameters.items())}\n" in done.out
    assert "Note: mine was tuned with horizon 5, not 20 as here.\n" in done.out
    means = read_results(tmp_path / "table").episodes.groupby("policy").engagement.mean()
    assert len(set(means.round(6))) == 3  # neither the defaults nor random slates
    done = driftrec(*comparing[:-1], "other", "--policies", "random", "content:mine")
    assert done.status == 2
    assert f"mine holds what was tuned for {name}; write {head}:mine." in done.err


def test_a_damaged_or_missing_find_is_refused(project, driftrec, tmp_path):
    (tmp_path / "mine").mkdir()
    comparing = ("compare", *project.world, "--users", "4", "--policies", "random", "content:mine")
    assert "mine holds nothing tuned: it has no best.json" in driftrec(*comparing).err
    (tmp_path / "mine" / "best.json").write_text('{"policy": "content"}')
    assert "best.json is damaged" in driftrec(*comparing).err
    (tmp_path / "mine" / "best.json").write_text("{")
    assert "best.json is damaged" in driftrec(*comparing).err


def test_what_was_tuned_on_other_items_is_compared_and_told(project, driftrec, tmp_path):
    assert driftrec("tune", "content", *project.world, *SMALL, "--out", "mine").status == 0
    done = driftrec("compare", "--horizon", "3", "--users", "3", "--policies", "random", "content:mine")
    assert done.status == 0, done.err
    for what in ("another catalogue", "another audience", "slate_size 3, not 5 as here", "history 10, not 50 as here"):
        assert f"Note: mine was tuned with {what}.\n" in done.out


def test_the_seed_repeats_it(project, driftrec, tmp_path):
    for out in ("one", "two"):
        assert driftrec("tune", "popular", *project.world, *SMALL, "--out", out).status == 0
    for name in ("trials.csv", "best.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_run_that_is_not_there_leaves_nothing_behind(project, driftrec, tmp_path):
    done = driftrec("tune", "mmr:nowhere", *project.world, *SMALL)
    assert done.status == 2
    assert "There is no checkpoint at nowhere" in done.err
    assert not (tmp_path / "runs").exists()


def test_without_optuna_it_ends_before_any_work(driftrec, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "optuna", None)
    done = driftrec("tune", "content", "--seed", "1")
    assert (done.status, done.out) == (2, "")
    assert (
        done.err == "driftrec tune: Tuning needs Optuna; get it with: pip install -e '.[tune]' in driftrec's folder\n"
    )
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_trials_elsewhere(project, driftrec, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    save = tune._write_found

    def full(trials, found, folder):
        save(trials, found, folder)
        if folder.name == "mine":
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tune, "_write_found", full)
    done = driftrec("tune", "popular", *project.world, *SMALL, "--out", "mine")
    assert done.status == 2
    (line,) = done.err.splitlines()
    told = re.fullmatch(r"driftrec tune: mine cannot be written \(.*No space.*\)\. What was .* kept in (.*)\.", line)
    kept = {path.name for path in Path(told[1]).iterdir()}
    assert kept == {"trials.csv", "best.json"}
    done = driftrec("tune", "--resume", "mine")
    assert done.status == 2  # the disk is full as before
    monkeypatch.setattr(tune, "_write_found", save)
    done = driftrec("tune", "--resume", "mine")
    assert done.status == 0, done.err
    for name in kept:
        assert (tmp_path / "mine" / name).read_bytes() == (Path(told[1]) / name).read_bytes()


def test_a_search_that_was_cut_short_goes_on_to_the_same_files(project, driftrec, tmp_path, monkeypatch):
    assert driftrec("tune", "content", *project.world, *SMALL, "--out", "whole").status == 0
    write = tune._write_trials

    def press(trials, folder):
        write(trials, folder)
        if len(trials) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tune, "_write_trials", press)
        done = driftrec("tune", "content", *project.world, *SMALL, "--out", "cut")
    assert done.status == 130
    assert "cut holds the trials; driftrec tune --resume cut goes on" in done.err
    assert "begun with seed 4, not 5 as here" in driftrec("tune", "--resume", "cut", "--seed", "5").err
    assert "begun with name content, not popular as here" in driftrec("tune", "popular", "--resume", "cut").err
    done = driftrec("tune", "--resume", "cut")
    assert done.status == 0, done.err
    for name in ("trials.csv", "best.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert "cut is finished; there is nothing left to do" in driftrec("tune", "--resume", "cut").err


def test_what_to_tune_must_be_said(driftrec):
    done = driftrec("tune")
    assert done.status == 2
    assert "Policy '' has no parameters to tune. Known: content, " in done.err
