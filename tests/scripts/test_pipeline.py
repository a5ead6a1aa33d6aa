"""The main job on a user's own items, from a CSV file to plots: what each command leaves behind."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from driftrec.agents.catalogues.setting import load_setting
from driftrec.agents.evaluation.summary import read_results
from driftrec.agents.plots.steps_plot import retention_says_something
from driftrec.agents.runs.checkpoint import FILE, read_config
from driftrec.agents.runs.folders import LIBRARIES
from tests.drawn import ALWAYS

NAMES = ["random", "content", "myopic", "ppo", "planner"]
MEASURES = (
    *("engagement", "normalised", "sessions", "session_engagement", "click_rate", "churn", "slate_diversity"),
    *("catalogue_coverage", "interest_drift"),
)
PLOTS = {*ALWAYS, "engagement_over_steps", "behaviour", "interest_journey", "training_curve"}

pytestmark = pytest.mark.slow  # for the processes that ``project`` starts


def strict(path):
    """JSON without NaN and infinity."""

    def refuse(word):
        raise AssertionError(f"{path} holds {word}")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def pictures(folder):
    return {path.stem: imread(path) for path in folder.glob("*.png")}


def test_output_that_is_not_a_terminal_holds_no_progress_bars(project):
    for done in (project.encoded, project.trained, project.compared):
        assert "\r" not in done.out
        assert "\x1b" not in done.out
        assert done.err == ""


def test_progress_is_shown_line_by_line(project):
    lines = project.trained.out.splitlines()
    steps = [int(line.split()[1].replace(",", "")) for line in lines if line.startswith("PPO: ")]
    assert steps == [0, 128, 256, 384, 512, 640]
    assert re.search(r"^PPO: 128 of 640 steps, last validation [\d.]+ minutes an episode$", project.trained.out, re.M)
    assert any(line.startswith("Ranker, pass 1 of 1 over ") for line in lines)
    served = re.findall(r"^Serving 12 users with (\S+)$", project.compared.out, re.MULTILINE)
    assert served == NAMES


def test_every_command_says_where_its_result_lies(project):
    assert "Written to items: use --catalogue items." in project.encoded.out
    assert project.trained.out.endswith("s. Run folder: runs/0001-train\n")
    assert project.compared.out.endswith("Run folder: runs/0002-compare\n")


def test_training_leaves_checkpoint_curve_and_config(project):
    assert {path.name for path in project.run.iterdir()} == {FILE, "curve.csv", "config.json"}
    curve = pd.read_csv(project.run / "curve.csv")
    weighing = 4 * 20 * 7  # users, horizon, weights tried, where nobody leaves before
    logged = np.cumsum([128, 16 * 20, *3 * [128]])  # myopic, farsighted, three refits
    before = curve.env_steps.to_numpy()[:5]
    assert before[0] == 128
    assert (before[1:] > logged[1:]).all()
    assert (before <= logged + weighing * np.arange(5)).all()
    assert curve.stage.tolist()[:5] == ["myopic", "farsighted", *3 * ["refitted"]]
    assert set(curve.stage[5:]) == {"ppo"}
    assert curve.env_steps.tolist()[:6] == [*before, before[-1]]  # and before PPO's first step
    assert curve.env_steps.iloc[-1] == before[-1] + 640  # after its last
    assert curve.seconds.is_monotonic_increasing
    assert set(curve.training_seed) == {project.trained.seed()}
    config = strict(project.run / "config.json")
    assert config["settings"]["ppo"]["total_steps"] == 640
    assert (config["catalogue"], config["horizon"]) == ("items", 20)
    assert config["command"].startswith("driftrec train --catalogue items --horizon 20 ")
    assert set(config["versions"]) == {"python", *LIBRARIES}
    assert config["fingerprints"] == load_setting(project.catalogue).fingerprints()


def test_the_comparison_keeps_what_its_numbers_rest_on(project):
    config, summary = strict(project.results / "config.json"), strict(project.results / "summary.json")
    assert config["command"].startswith("driftrec compare --catalogue items ")
    assert config["baseline"] == summary["baseline"] == "myopic"  # as resolved
    assert config["fingerprints"] == strict(project.run / "config.json")["fingerprints"]
    assert list(config["planner_weights"]) == ["planner"]
    assert config["planner_weights"] == summary["planner_weights"]


def test_only_the_planner_was_told_the_truth(project):
    policies = strict(project.results / "summary.json")["policies"]
    assert [name for name, policy in policies.items() if policy["oracle"]] == ["planner"]
    assert "| planner * " in (project.results / "summary.md").read_text(encoding="utf-8")


def test_drawn_seeds_are_printed_and_stored(project):
    assert strict(project.catalogue / "catalogue.json")["provenance"]["seed"] == project.encoded.seed()
    assert strict(project.run / "config.json")["seed"] == project.trained.seed()
    assert read_config(project.run)["seed"] == project.trained.seed()
    seed = project.compared.seed()
    assert strict(project.results / "config.json")["seed"] == seed
    trained = project.trained.seed()
    assert strict(project.results / "summary.json")["seeds"] == {"evaluation": seed, "training": [trained]}
    assert len({project.encoded.seed(), trained, seed}) == 3


def test_episodes_hold_every_policy_and_the_same_users(project):
    episodes = pd.read_csv(project.results / "episodes.csv", dtype={"user_seed": "uint64"})
    assert episodes.policy.unique().tolist() == NAMES
    by_policy = [rows.user_seed.tolist() for _, rows in episodes.groupby("policy")]
    assert all(seeds == by_policy[0] for seeds in by_policy)
    assert len(set(by_policy[0])) == 12
    assert (episodes.engagement > 0).any()
    assert episodes.steps.between(1, 20).all()


def test_summary_is_strict_json_with_every_measure_in_order(project):
    summary = strict(project.results / "summary.json")
    assert (summary["users"], summary["baseline"]) == (12, "myopic")
    assert strict(project.results / "config.json")["description"] == summary["world"]
    assert summary["world"] == "driftrec/News-v0, catalogue items (12 items), slate_size 3, history 10, horizon 20"
    assert list(summary["policies"]) == NAMES
    for policy in summary["policies"].values():
        for measure in MEASURES:
            if measure == "normalised" and policy[measure] is None:  # the planner may be no better on twelve users
                continue
            assert policy[measure]["low"] <= policy[measure]["mean"] <= policy[measure]["high"], measure
        against = policy["versus_baseline"]
        assert against["low"] <= against["difference"] <= against["high"]


def test_the_summarys_means_are_those_of_the_episodes(project):
    episodes = pd.read_csv(project.results / "episodes.csv")
    policies = strict(project.results / "summary.json")["policies"]
    for name, rows in episodes.groupby("policy"):
        assert policies[name]["engagement"]["mean"] == pytest.approx(rows.engagement.mean())
        assert policies[name]["churn"]["mean"] == pytest.approx(rows.churn.mean())


def test_the_tables_name_every_policy(project):
    text = (project.results / "summary.md").read_text(encoding="utf-8")
    for name in NAMES:
        assert len(re.findall(rf"^\| {name} ", text, re.MULTILINE)) == 3
        assert len(re.findall(rf"^{name} ", project.compared.out, re.MULTILINE)) == 3


def test_plots_are_drawn_and_not_blank(project):
    drawn = pictures(project.results)
    results = read_results(project.results)
    told = retention_says_something(results.steps, results.summary["policies"])
    assert set(drawn) == (PLOTS | {"retention"} if told else PLOTS)
    for name, picture in drawn.items():
        assert min(picture.shape[:2]) > 400, name
        assert len(np.unique(picture[..., :3].sum(axis=2))) > 20, name


def test_plot_draws_the_same_pictures_from_the_folder(project, driftrec, tmp_path):
    shutil.copytree(project.results, tmp_path / "copy", ignore=shutil.ignore_patterns("*.png"))
    done = driftrec("plot", "copy")
    assert done.status == 0, done.err
    before, after = pictures(project.results), pictures(tmp_path / "copy")
    assert sorted(done.out.split()) == sorted(f"copy/{name}.png" for name in before)
    assert set(before) == set(after) >= PLOTS
    for name in before:
        np.testing.assert_array_equal(before[name], after[name], err_msg=name)


def test_plot_draws_some_policies_elsewhere_in_another_format(project, driftrec, tmp_path):
    words = ("--policies", "random", "ppo", "--format", "svg", "--style", "paper", "--out", tmp_path / "paper")
    done = driftrec("plot", project.results, *words)
    assert done.status == 0, done.err
    assert done.out.split()[0] == str(tmp_path / "paper" / "engagement_per_policy.svg")
    drawn = (tmp_path / "paper" / "engagement_per_policy.svg").read_text(encoding="utf-8")
    assert set(re.findall(r">(random|content|myopic|ppo|planner)[ *~]*</text>", drawn)) == {"random", "ppo"}
    wrong = driftrec("plot", project.results, "--policies", "randon", "--out", tmp_path / "none")
    assert (wrong.status, wrong.out) == (2, "")
    assert "Did you mean 'random'" in wrong.err


def test_a_report_is_written_of_a_comparison(project, driftrec, tmp_path):
    done = driftrec("report", project.results, "--out", tmp_path / "report.html")
    assert (done.status, done.out) == (0, f"{tmp_path / 'report.html'}\n"), done.err
    written = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert all(f"</span>{name}" in written for name in project.policies if ":" not in name)
    assert "One user's story</h3>" in written
    assert "<svg " in written


def test_the_printed_seed_repeats_a_comparison(project, driftrec, tmp_path):
    words = ("--users", "12", "--seed", project.compared.seed(), "--out", tmp_path / "again")
    done = driftrec("compare", *project.world, *words, "--policies", *project.policies, folder=project.folder)
    assert done.status == 0, done.err
    for name in ("episodes.csv", "steps.csv", "journeys.csv", "summary.json", "summary.md"):
        assert (tmp_path / "again" / name).read_bytes() == (project.results / name).read_bytes(), name


def test_the_printed_seed_repeats_a_training(project, driftrec, training, tmp_path):
    words = ("--seed", project.trained.seed(), "--out", tmp_path / "again")
    done = driftrec("train", "--catalogue", "items", *project.world[2:], *training, *words, folder=project.folder)
    assert done.status == 0, done.err
    assert (tmp_path / "again" / FILE).read_bytes() == (project.run / FILE).read_bytes()


def test_gap_prints_returns_and_ratios(project, driftrec):
    done = driftrec(
        "gap", *project.world, "--users", "12", "--seed", "1", "--tuning-users", "8", "--tuning-rounds", "1"
    )
    assert done.status == 0, done.err
    for ratio in ("planner / myopic oracle", "myopic oracle / random"):
        assert float(re.search(rf"^{ratio} = ([\d.]+)$", done.out, re.MULTILINE).group(1)) > 0
    assert re.findall(r"^planner, round (.*?):", done.out, re.MULTILINE) in ([], ["1 of 1"])  # tuned as told, if at all
    assert re.search(r"^click rate under random slates = [\d.]+%$", done.out, re.MULTILINE)
