"""Which run folders a comparison names, and whose training it draws."""

import errno
import re
import tempfile
from pathlib import Path

import pytest

from driftrec.agents.comparison import comparison
from driftrec.agents.evaluation.summary import read_results
from driftrec.agents.known import OF_RUNS
from driftrec.scripts import compare
from driftrec.scripts.compare import curve_runs, training_runs

POLICIES = ("random", "myopic:a,b", "told=ppo:c,d", "ppo:a,b", "ppo-sampled:a,b", "slateq:e")


def test_every_run_is_named_once():
    assert training_runs(POLICIES, OF_RUNS) == ["a", "b", "c", "d", "e"]


def test_a_run_behind_chance_is_a_run_and_a_model_file_is_told():
    """A resumed comparison asks whether these are still the same."""
    policies = ["epsilon:0.2:ppo:runs/a", "mine=epsilon:0.1:epsilon:0.2:farsighted:b", "sb3:PPO:m.zip", "random"]
    assert training_runs(policies, OF_RUNS) == ["runs/a", "b"]
    assert training_runs(policies, ["sb3"]) == ["PPO:m.zip"]


@pytest.mark.parametrize(
    ("policies", "runs"),
    [(POLICIES, ["c", "d"]), (POLICIES[:2], []), (("ppo-sampled:a", "ppo:b"), ["a"]), (("planner", "slateq:e"), [])],
)
def test_the_training_of_the_first_ppo_is_drawn(policies, runs):
    assert curve_runs(policies) == runs


@pytest.mark.slow  # for the processes that ``project`` starts
@pytest.mark.parametrize("what", ["write_results", "write_table"])
def test_a_full_disk_leaves_the_tables_elsewhere(project, driftrec, tmp_path, monkeypatch, what):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    save = getattr(compare, what)

    def full(*args, **told):
        save(*args, **told)
        if any(isinstance(arg, Path) and "mine" in arg.parts for arg in args):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(compare, what, full)
    policies = ("--policies", "random", f"ppo:{project.run}")
    done = driftrec("compare", *project.world, "--users", "4", "--seed", "1", *policies, "--out", "mine")
    assert done.status == 2
    (line,) = done.err.splitlines()
    told = re.fullmatch(r"driftrec compare: mine cannot be written \(.*No space.*\)\. What was .* kept in (.*)\.", line)
    kept = {path.name for path in Path(told[1]).iterdir()}
    assert {"episodes.csv", "steps.csv", "journeys.csv", "summary.json", "summary.md", "curve.csv"} <= kept
    assert [path.name for path in (tmp_path / "mine").iterdir() if path.is_dir()] == ["progress"]  # to go on from


def test_a_plot_that_fails_loses_no_table(project, driftrec, tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("no font")

    monkeypatch.setattr(compare, "save_all", fail)
    done = driftrec("compare", *project.world, "--users", "4", "--policies", "random", "content", "--out", "out")
    assert done.status == 1
    assert "\ncontent " in done.out
    assert done.err == (
        "The plots could not be drawn (RuntimeError: no font).\n"
        "The tables are written; draw again with: driftrec plot out\n"
    )
    assert set(read_results(tmp_path / "out").episodes.policy) == {"random", "content"}


def test_an_interrupt_keeps_the_policies_that_are_finished(project, driftrec, tmp_path, monkeypatch):
    serve = comparison.roll_out

    def press(world, policy, context, seeds, **told):
        if told["name"] == "popular":
            raise KeyboardInterrupt
        return serve(world, policy, context, seeds, **told)

    monkeypatch.setattr(comparison, "roll_out", press)
    policies = ("random", "content", "popular", "linucb")
    done = driftrec("compare", *project.world, "--users", "4", "--policies", *policies, "--out", "out")
    assert done.status == 130
    assert "out holds the policies that were finished" in done.err
    results = read_results(tmp_path / "out")
    assert set(results.episodes.policy) == {"random", "content"}
    assert results.summary["failed"] == {"popular": "interrupted", "linucb": "interrupted"}


def test_the_planners_effort_is_told_beforehand_and_may_be_set(project, driftrec, own_cache, tmp_path):
    words = ("compare", *project.world, "--users", "4", "--policies", "random", "planner")
    done = driftrec(*words, "--planner-effort", "3", "2", "--config", '{"individuality": 0.2}')
    assert done.status == 0, done.err
    assert re.search(r"^Tuning the planner: 2 rounds of 3 users, some [\d,]+ s$", done.out, re.MULTILINE)
    assert "planner, round 2 of 2" in done.out
    done = driftrec(*words, "--planner-effort", "0", "2")
    assert done.status == 2
    assert "--planner-effort is (0, 2); both users and rounds must be at least 1" in done.err
