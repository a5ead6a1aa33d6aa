"""Train, compare, gap and plot on published worlds as users type them; what does not belong together is refused."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from driftrec.agents.runs.checkpoint import FILE, save_checkpoint
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.worlds.kits import kit_named
from driftrec.scripts.gap import _ratio

README = Path(__file__).parents[2] / "README.md"
WORLD = ("--world", "driftrec/Sardine-SlateTopK-Bored-v0", "--slate-size", "4", "--horizon", "6")
TRAINING = (
    *("--settings.fit.lanes", "16", "--settings.fit.log-steps", "6", "--settings.fit.rounds", "1"),
    *("--settings.fit.epochs", "1", "--settings.fit.batch-size", "64"),
    *("--settings.ppo.total-steps", "256", "--settings.ppo.lanes", "16", "--settings.ppo.rollout", "8"),
    *("--settings.ppo.batch-size", "64", "--settings.ppo.candidates", "20", "--settings.ppo.epochs", "1"),
    *("--settings.validations", "2", "--settings.validation-users", "4"),
)


@pytest.fixture
def trained(driftrec, tmp_path):
    """A training in ``run``; its output."""
    done = driftrec("train", *WORLD, "--seed", "2", "--out", "run", *TRAINING)
    assert done.status == 0, done.err
    return done


def test_training_and_figures_say_when_items_are_not_the_published_ones(driftrec):
    generated = (*WORLD, "--options", '{"embeddings": "generated"}')
    for words in (
        ("train", *generated, "--out", "run", *TRAINING),
        ("gap", *generated, "--users", "4"),
        ("compare", *generated, "--users", "4", "--policies", "random", "planner"),
    ):
        done = driftrec(*words)
        assert done.status == 0, done.err
        assert done.out.count("Items are generated; published figures are of those in sardine-rec") == 1
    done = driftrec("gap", *EXPLORATION, "--users", "4", "--horizon", "5")
    assert "Items are" not in done.out


def test_a_ratio_to_nothing_is_told_in_words():
    assert _ratio(3.0, 2.0) == "1.50"
    assert _ratio(3.0, 0.0).startswith("not to be told: nothing was earned")


def test_from_a_training_to_tables_and_plots(trained, driftrec, tmp_path, monkeypatch):
    assert {path.name for path in (tmp_path / "run").iterdir()} == {FILE, "curve.csv", "config.json"}
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["settings"]["ppo"]["total_steps"] == 256
    assert config["settings"]["ppo"]["gamma"] == 0.9  # the world's, where nothing was said
    assert set(config["fingerprints"]) == {"items", "world"}
    assert re.search(r"^PPO: 128 of 256 steps, last validation [\d.]+ clicks an episode$", trained.out, re.MULTILINE)

    assert re.search(r"^Kept: the policy after (0|128|256) steps of PPO, which did best", trained.out, re.MULTILINE)

    policies = ("random", "myopic-oracle", "myopic:run", "farsighted:run", "ppo:run", "ppo-sampled:run", "planner")
    done = driftrec("compare", *WORLD, "--users", "6", "--seed", "1", "--out", "both", "--policies", *policies)
    assert done.status == 0, done.err
    assert "was trained with" not in done.out
    assert "engagement (clicks)" in done.out
    assert "(min)" not in done.out
    summary = json.loads((tmp_path / "both" / "summary.json").read_text())
    labels = [name.partition(":")[0] for name in policies]
    assert list(summary["policies"]) == labels
    assert (summary["unit"], summary["baseline"]) == ("clicks", "myopic")
    assert [name for name, policy in summary["policies"].items() if policy["oracle"]] == ["myopic-oracle", "planner"]
    assert summary["policies"]["random"]["normalised"]["mean"] == 0.0
    assert summary["policies"]["planner"]["normalised"]["mean"] == 1.0
    assert pd.read_csv(tmp_path / "both" / "curve.csv").stage.tolist() == ["myopic", "ppo", "ppo"]
    text = (tmp_path / "both" / "summary.md").read_text(encoding="utf-8")
    items = "" if summary["world"].endswith("6") else ", embeddings generated"  # without sardine-rec
    assert text.startswith(f"# Policies in driftrec/Sardine-SlateTopK-Bored-v0, slate_size 4, horizon 6{items}\n")
    plots = {path.name for path in (tmp_path / "both").glob("*.png")}
    assert {"engagement_per_policy.png", "training_curve.png"} <= plots
    # Topics without names are no journey, and nobody leaves before the horizon.
    assert not {"interest_journey.png", "retention.png"} & plots

    (code,) = re.findall(r"```python\n([^`]*load_ppo\([^`]*)print", README.read_text(encoding="utf-8"))
    names = {}
    monkeypatch.chdir(tmp_path)
    world = 'WorldArgs("driftrec/Sardine-SlateTopK-Bored-v0", slate_size=4, horizon=6)'
    exec(code.replace("WorldArgs()", world).replace("runs/my-ppo", "run"), names)
    assert names["slates"].shape == (2, 4)

    again = driftrec("plot", "both")
    assert again.status == 0, again.err
    assert set(again.out.split()) == {f"both/{name}" for name in plots}

    elsewhere = driftrec(
        *("compare", *WORLD[:-1], "5", "--options", '{"corrected": true}', "--users", "6", "--out", "elsewhere"),
        *("--policies", "random", "ppo:run"),
    )
    assert elsewhere.status == 0, elsewhere.err
    assert "Note: run was trained with horizon 6, not 5 as here." in elsewhere.out
    assert "Note: run was trained with corrected False, not True as here." in elsewhere.out


@pytest.mark.parametrize(
    "world",
    [
        ("--world", "driftrec/RecSim-InterestEvolution-v0", "--config", '{"time_budget": 20}'),
        ("--world", "driftrec/Sardine-SlateRerank-Bored-v0"),
    ],
)
def test_gap_prints_returns_and_ratios(world, driftrec):
    done = driftrec("gap", *world, "--horizon", "8", "--users", "12", "--seed", "1")
    assert done.status == 0, done.err
    for ratio in ("planner / myopic oracle", "myopic oracle / random"):
        assert float(re.search(rf"^{ratio} = ([\d.]+)$", done.out, re.MULTILINE).group(1)) > 0
    assert f"engagement ({'clicks' if 'Sardine' in world[1] else 'min'})" in done.out


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (ZeroDivisionError("no"), 2, "driftrec gap: Policy 'planner' failed in act(), "),
        (KeyboardInterrupt(), 130, "driftrec gap: interrupted.\n"),
    ],
)
def test_gap_has_no_ratio_without_the_planner(error, status, message, driftrec, monkeypatch):
    def fail(self, observation):
        raise error

    monkeypatch.setattr("driftrec.agents.oracles.sardine_planner.QuotaPlanner.act", fail)
    done = driftrec("gap", *WORLD, "--users", "4", "--seed", "1")
    assert done.status == status
    assert done.err.startswith(message)
    assert done.err.count("\n") == 1


def test_compare_takes_the_worlds_own_baselines(driftrec, tmp_path):
    words = ("--horizon", "3", "--users", "3", "--seed", "1", "--out", "out")
    done = driftrec("compare", "--world", "driftrec/RecSim-InterestExploration-v0", *words)
    assert done.status == 0, done.err
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (list(summary["policies"]), summary["baseline"]) == (["random", "myopic-oracle", "planner"], "random")


def test_the_ranker_is_fitted_for_a_comparison_where_no_run_is_given(driftrec, tmp_path, monkeypatch):
    kit = kit_named(EXPLORATION[1])
    fit = replace(kit.settings.fit, lanes=16, log_steps=6, rounds=2, epochs=1, batch_size=64)
    monkeypatch.setattr(kit, "settings", replace(kit.settings, fit=fit))
    words = ("--horizon", "3", "--users", "3", "--seed", "1", "--out", "out", "--policies", "random", "myopic")
    done = driftrec("compare", *EXPLORATION, *words)
    assert done.status == 0, done.err
    assert done.out.count("Ranker, pass 1 of 1 over ") == 2
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    told = {name: policy["training_seeds"] for name, policy in summary["policies"].items()}
    assert (told, summary["baseline"]) == ({"random": [], "myopic": [1]}, "myopic")


def test_slates_of_one_have_no_diversity(driftrec, tmp_path):
    words = ("--horizon", "3", "--users", "3", "--seed", "1", "--out", "out", "--policies", "random", "myopic-oracle")
    done = driftrec("compare", "--world", "driftrec/Sardine-SingleItem-BoredInf-v0", *words)
    assert done.status == 0, done.err
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert [policy["slate_diversity"] for policy in summary["policies"].values()] == [None, None]
    again = driftrec("plot", "out")
    assert again.status == 0, again.err


EXPLORATION = ("--world", "driftrec/RecSim-InterestExploration-v0")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("train", *EXPLORATION, "--settings.ppo.candidates", "1"), "a slate needs at least 2"),
        (("train", "--world", "driftrec/RecSim-LongTermSatisfaction-v0", "--history", "3"), "takes no history"),
        (("train", *EXPLORATION, "--catalogue", "x"), "takes no catalogue"),
        (("train", *EXPLORATION, "--slate-size", "11"), "slate_size is 11, with 10 items to choose from. Lower it"),
        (("compare", *EXPLORATION, "--slate-size", "11"), "slate_size is 11, with 10 items to choose from. Lower it"),
        (("gap", *EXPLORATION, "--slate-size", "11"), "slate_size is 11, with 10 items to choose from. Lower it"),
        (("train", *EXPLORATION, "--options", '{"num_candidate": 3}'), "Did you mean 'num_candidates'"),
        (("compare", *EXPLORATION, "--policies", "popular"), "Unknown policy 'popular'"),
        (("compare", *EXPLORATION, "--policies", "random", "ppo:nowhere"), "There is no checkpoint at nowhere"),
        (("gap", *EXPLORATION, "--tuning-users", "64"), "comes as it is; leave --retune and --tuning-... out"),
        (
            ("tune", "content", *EXPLORATION),
            "'content' reads texts, and driftrec/RecSim-InterestExploration-v0 has none",
        ),
        (("tune", "mmr:run", *EXPLORATION), "'mmr' reads texts"),
    ],
)
def test_mistakes_end_in_one_line_before_any_work(words, message, driftrec, tmp_path):
    done = driftrec(*words)
    assert done.status == 2, done.out
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not [path for path in tmp_path.rglob("*") if path.name == FILE]


def test_runs_of_another_kind_are_refused(driftrec, tmp_path):
    setup = set_up(WorldArgs(EXPLORATION[1]))
    config = {"kind": "published-other", "seed": 1, "settings": {}, "world": {"world": EXPLORATION[1]}}
    save_checkpoint(tmp_path / "other" / FILE, {}, config, setup)
    done = driftrec("compare", *EXPLORATION, "--policies", "random", "ppo:other")
    assert done.status == 2
    assert "other holds a run of kind other, not ppo; policies of it are called other:other" in done.err
