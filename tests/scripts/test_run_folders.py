"""Runs are numbered, found again by other commands, and never written over."""

import json
import shutil

import pytest

from driftrec.agents.evaluation.curves import CURVE_FILE
from driftrec.agents.runs.checkpoint import FILE
from driftrec.agents.runs.load import nothing_learned

pytestmark = pytest.mark.slow  # for the processes that ``project`` starts


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_refused(done, verb, *parts):
    """The command ended in one line that says why."""
    assert done.status == 2
    assert done.err.startswith(f"driftrec {verb}: ")
    assert done.err.count("\n") == 1
    for part in parts:
        assert part in done.err


def test_default_folders_are_numbered_on(project, driftrec, tmp_path):
    (tmp_path / "runs" / "0041-train").mkdir(parents=True)
    for number in (42, 43):
        done = driftrec("compare", *project.world, "--users", "2", "--policies", "random", "--horizon", "2")
        assert done.status == 0, done.err
        assert done.out.endswith(f"Run folder: runs/{number:04d}-compare\n")
        assert (tmp_path / "runs" / f"{number:04d}-compare" / "summary.json").is_file()


@pytest.mark.parametrize("verb", ["train", "compare", "tune content"])
def test_a_run_is_never_written_over(project, driftrec, verb, tmp_path):
    out = tmp_path / "mine"
    shutil.copytree(project.run, out)
    done = driftrec(*verb.split(), *project.world, "--out", out)
    assert_refused(done, verb.split()[0], f"{out} is not empty; runs are never written over")
    assert done.out == ""  # nothing was begun
    assert contents(out) == contents(project.run)


@pytest.mark.parametrize("verb", ["train", "compare", "tune content"])
def test_a_file_is_no_run_folder(driftrec, verb, csv):
    assert_refused(driftrec(*verb.split(), "--out", csv), verb.split()[0], "items.csv is a file; give a new folder")


def test_an_empty_folder_and_a_run_elsewhere_will_do(project, driftrec, tmp_path):
    (tmp_path / "mine").mkdir()
    run = project.run
    policies = ("random", f"a=ppo:{run}", f"b=ppo-sampled:{run / FILE}", f"c=mmr:{run}")
    words = ("--users", "3", "--out", "mine", "--baseline", "b")
    done = driftrec("compare", *project.world, *words, "--policies", *policies)
    assert done.status == 0, done.err
    assert list(json.loads((tmp_path / "mine" / "summary.json").read_text())["policies"]) == ["random", "a", "b", "c"]


def test_a_training_that_saw_no_episode_end_has_no_curve_to_draw(project, driftrec, tmp_path):
    shutil.copytree(project.run, tmp_path / "short")
    (tmp_path / "short" / CURVE_FILE).write_text("training_seed\n")
    words = ("--users", "3", "--out", "mine", "--policies", "random", "ppo:short")
    done = driftrec("compare", *project.world, *words)
    assert done.status == 0, done.err
    assert not (tmp_path / "mine" / "training_curve.png").exists()
    assert (tmp_path / "mine" / "engagement_per_policy.png").exists()


def test_a_run_of_another_world_is_compared_and_the_difference_told(project, driftrec):
    run = project.run
    words = ("--users", "2", "--out", "mine", "--policies", "random", f"ppo:{run}", f"myopic:{run}")
    world = (*project.world, "--horizon", "5", "--config", '{"drift": {"towards": 0.1}}')
    done = driftrec("compare", *world, *words)
    assert done.status == 0, done.err
    assert [line for line in done.out.splitlines() if line.startswith("Note: ")] == [
        f"Note: {run} was trained with horizon 20, not 5 as here.",
        f"Note: {run} was trained with drift.towards 0.03, not 0.1 as here.",
        *nothing_learned(str(run)),
    ]


def test_a_curve_that_cannot_be_read_costs_no_table(project, driftrec, tmp_path):
    shutil.copytree(project.run, tmp_path / "torn")
    (tmp_path / "torn" / CURVE_FILE).write_text("stage,mean_episode_engagement\nppo,2\nppo,3,4\n")
    words = ("--users", "3", "--out", "mine", "--policies", "random", "ppo:torn")
    done = driftrec("compare", *project.world, *words)
    assert done.status == 1
    assert done.err.startswith("The training curve could not be read (")
    assert done.err.count("\n") == 1
    assert "vs baseline (min)" in done.out
    assert (tmp_path / "mine" / "summary.md").is_file()
    assert (tmp_path / "mine" / "engagement_per_policy.png").is_file()


def test_nothing_is_told_of_a_run_of_the_same_world(project):
    assert "was trained with" not in project.compared.out


def test_plotting_what_is_not_a_comparison(project, driftrec):
    assert_refused(
        driftrec("plot", project.run), "plot", f"{project.run} does not hold a comparison: it has no episodes.csv"
    )


def test_a_checkpoint_of_another_catalogue(project, driftrec, rows, tiny_model, tmp_path):
    (tmp_path / "items.csv").write_text(rows.replace("Goats", "Sheep"), encoding="utf-8")
    done = driftrec("encode", "--catalogue", "items.csv", "--out", "other", "--model", tiny_model, "--seed", "1")
    assert done.status == 0, done.err
    done = driftrec("compare", "--catalogue", "other", *project.world[2:], "--policies", f"ppo:{project.run}")
    assert_refused(
        done, "compare", str(project.run), "trained with differs in catalogue", "Give what it was trained with"
    )
    assert not (tmp_path / "runs").exists()


def test_a_checkpoint_of_other_slates(project, driftrec):
    for name in ("ppo", "myopic", "mmr"):
        words = ("--catalogue", project.catalogue, "--slate-size", "4", "--policies", f"{name}:{project.run}")
        assert_refused(driftrec("compare", *words), "compare", "was trained for slates of 3, not 4; use --slate-size")


def test_two_runs_of_one_training_seed_need_two_labels(project, driftrec, tmp_path):
    shutil.copytree(project.run, tmp_path / "twin")
    done = driftrec("compare", *project.world, "--policies", "random", f"ppo:{project.run},twin")
    assert_refused(done, "compare", "Two runs of 'ppo' have one training seed", "name them apart")


def test_a_damaged_checkpoint(project, driftrec, tmp_path):
    shutil.copytree(project.run, tmp_path / "damaged")
    file = tmp_path / "damaged" / FILE
    file.write_bytes(file.read_bytes()[:-100])
    assert_refused(
        driftrec("compare", *project.world, "--policies", "ppo:damaged"), "compare", f"damaged/{FILE}", "not a check"
    )
    assert_refused(
        driftrec("compare", *project.world, "--policies", "ppo:none"),
        "compare",
        "no checkpoint at none",
        "driftrec train",
    )
