"""``driftrec train-baseline`` and what ``driftrec compare`` makes of its runs, on a dozen items."""

import json
import re

import pandas as pd
import pytest

from driftrec.agents.evaluation.keep_best import KeepBest
from driftrec.agents.runs.checkpoint import FILE

SIZES = {
    "slateq": ("slateq.total-steps", "96", "slateq.lanes", "16", "slateq.warm-up", "32", "slateq.batch-size", "16"),
    "sb3-ppo": ("total-steps", "160", "lanes", "16", "rollout", "2", "batch-size", "16"),
    "sb3-sac": ("total-steps", "96", "lanes", "16", "warm-up", "32", "batch-size", "16", "components", "4"),
}

pytestmark = pytest.mark.slow  # for the processes that ``project`` starts


def words(kind, project):
    """Arguments of a training of a second."""
    sizes = zip(SIZES[kind][::2], SIZES[kind][1::2], strict=True)
    ranker = ("--ranker", str(project.run)) if kind == "slateq" else ()
    return (
        *("train-baseline", kind, *project.world, *ranker, "--seed", "7", "--settings.validation-users", "4"),
        *(word for name, value in sizes for word in (f"--settings.{name}", value)),
    )


def test_it_is_told_where_the_ranker_was_trained(project, driftrec):
    done = driftrec(*words("slateq", project), "--config", '{"memory": 3}', "--out", "mine")
    assert done.status == 0, done.err
    assert done.out.splitlines()[0] == f"Note: {project.run} was trained with memory 16, not 3 as here."


def test_all_three_train_and_take_part_in_a_comparison(project, driftrec, tmp_path):
    for kind in SIZES:
        done = driftrec(*words(kind, project), "--out", kind)
        assert done.status == 0, done.err
        lines = done.out.splitlines()
        assert lines[0].startswith(f"{kind}: 0 steps, ")
        assert lines[-2].endswith(" minutes an episode")
        assert lines[-1].endswith(f"s. Run folder: {kind}")
        assert {path.name for path in (tmp_path / kind).iterdir()} == {FILE, "curve.csv", "config.json"}
        config = json.loads((tmp_path / kind / "config.json").read_text(encoding="utf-8"))
        assert config["command"].startswith(f"driftrec train-baseline {kind} ")
    names = [f"{kind}:{kind}" for kind in SIZES]
    done = driftrec("compare", *project.world, "--users", "6", "--seed", "0", "--policies", "random", *names)
    assert done.status == 0, done.err
    for kind in SIZES:
        assert f"\n{kind} " in done.out


@pytest.mark.parametrize("kind", ["sb3-ppo", "sb3-sac"])
def test_one_that_was_interrupted_goes_on_to_the_same_bytes(project, driftrec, tmp_path, monkeypatch, kind):
    assert driftrec(*words(kind, project), "--out", "whole").status == 0
    measure = KeepBest.measure_every

    def press(self, every, steps):
        if steps > 40:
            raise KeyboardInterrupt
        measure(self, every, steps)

    with monkeypatch.context() as patch:
        patch.setattr(KeepBest, "measure_every", press)
        done = driftrec(*words(kind, project), "--snapshot-every", "16", "--out", "cut")
    assert done.status == 130
    assert "cut holds what was learned so far; driftrec train-baseline --resume cut goes on" in done.err
    cut, whole = (pd.read_csv(tmp_path / run / "curve.csv") for run in ("cut", "whole"))
    assert len(cut) < len(whole)  # it was interrupted; the best may be the same
    done = driftrec("train-baseline", "--resume", "cut")
    assert done.status == 0, done.err
    assert re.search(rf"^Going on after \d+ steps of {kind}$", done.out, re.MULTILINE)
    assert (tmp_path / "cut" / FILE).read_bytes() == (tmp_path / "whole" / FILE).read_bytes()
    assert "cut is finished; there is nothing left to do" in driftrec("train-baseline", "--resume", "cut").err


@pytest.mark.parametrize(
    ("kind", "more", "message"),
    [
        ("slateq", (), "slateq needs a ranker; give the run folder of a driftrec train: --ranker RUN."),
        ("sb3-ppo", ("--ranker", "x"), "--ranker x is for slateq, diverse, paced, q1, q2, imitation; sb3-ppo starts"),
        ("slateq", ("--ranker", "nowhere"), "There is no checkpoint at nowhere"),
        ("sb3-sac", ("--out", "."), ". is not empty; runs are never written over."),
    ],
)
def test_mistakes_are_one_line_and_leave_no_folder(project, driftrec, tmp_path, kind, more, message):
    (tmp_path / "something").touch()
    done = driftrec("train-baseline", kind, *project.world, *more)
    assert done.status == 2
    assert done.err.startswith(f"driftrec train-baseline: {message}")
    assert done.err.count("\n") == 1
    assert not (tmp_path / "runs").exists()
