"""Which run folders a comparison names, and whose training it draws."""

import errno
import re
import tempfile
from pathlib import Path

import pytest

from driftrec.agents.comparison import TRAINED
from driftrec.scripts import compare
from driftrec.scripts.compare import curve_runs, training_runs

POLICIES = ("random", "myopic:a,b", "told=ppo:c,d", "ppo:a,b", "ppo-sampled:a,b", "slateq:e")


def test_every_run_is_named_once():
    assert training_runs(POLICIES, TRAINED) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("policies", "runs"),
    [(POLICIES, ["c", "d"]), (POLICIES[:2], []), (("ppo-sampled:a", "ppo:b"), ["a"]), (("planner", "slateq:e"), [])],
)
def test_the_training_of_the_first_ppo_is_drawn(policies, runs):
    assert curve_runs(policies) == runs


@pytest.mark.slow  # for the processes that ``project`` starts
@pytest.mark.parametrize("what", ["write_results", "write_table", "save_all"])
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
    assert not (tmp_path / "mine").exists()
