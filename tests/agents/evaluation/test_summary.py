import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.evaluation.episodes import METRICS, user_tables
from driftrec.agents.evaluation.summary import Results, read_results, read_summary, summarise, write_results
from driftrec.agents.evaluation.tables import markdown

RESULTS = Path(__file__).parents[3] / "results"
OLD = sorted(file for file in RESULTS.rglob("summary.json") if RESULTS / "rounds" not in file.parents)
"""Summaries of earlier versions."""

MEASURES = (*METRICS, "catalogue_coverage", "normalised")


def summarised(episodes, shown, **changes):
    settings = {
        "world": "test world",
        "unit": "minutes",
        "baseline": "content",
        "seed": 11,
        "oracles": ["planner"],
        **changes,
    }
    return summarise(episodes, shown, **settings)


def test_keys_and_strict_json(summary):
    assert {"world", "users", "seeds", "baseline", "policies"} <= set(summary)
    assert summary["users"] == 30
    assert summary["seeds"] == {"evaluation": 11, "training": [0, 1, 2]}
    assert list(summary["policies"]) == ["random", "content", "ppo", "planner"]
    for policy in summary["policies"].values():
        assert all(set(policy[key]) == {"mean", "low", "high"} for key in MEASURES)
        assert set(policy["versus_baseline"]) == {"difference", "low", "high"}
        assert all(policy[key]["low"] <= policy[key]["high"] for key in MEASURES)
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_means_are_the_tables_means(episodes, shown, summary):
    means = episodes.groupby("policy")[list(METRICS)].mean()
    for name, policy in summary["policies"].items():
        assert policy["training_seeds"] == ([0, 1, 2] if name == "ppo" else [])
        assert [policy[metric]["mean"] for metric in METRICS] == pytest.approx(means.loc[name].tolist())
        assert policy["catalogue_coverage"]["mean"] == pytest.approx(shown[name].any(axis=1).mean())


def test_normalised_and_differences_by_hand(summary):
    # Engagement is 100 * level * noise, with ppo's three seeds at 1, 1.05 and 1.1 times 2.2: 2.31 on average.
    policies = summary["policies"]
    assert policies["random"]["normalised"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert policies["planner"]["normalised"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert policies["ppo"]["normalised"]["mean"] == pytest.approx((2.31 - 1) / 2)
    # Users differ by a factor that the ratio cancels: no spread is left for one training seed.
    assert list(policies["content"]["normalised"].values()) == pytest.approx([0.25] * 3)
    noise = policies["random"]["engagement"]["mean"] / 100
    assert policies["ppo"]["versus_baseline"]["difference"] == pytest.approx(81 * noise)
    assert policies["content"]["versus_baseline"] == {"difference": 0.0, "low": 0.0, "high": 0.0}


def test_only_oracles_are_marked_as_such(summary):
    told = {name: policy["oracle"] for name, policy in summary["policies"].items()}
    assert told == {"random": False, "content": False, "ppo": False, "planner": True}


def test_where_nothing_is_trained_no_training_seed_is_named(episodes, shown):
    untrained = episodes[episodes.policy != "ppo"]
    assert summarised(untrained, shown)["seeds"] == {"evaluation": 11, "training": []}


def test_a_policy_without_training_is_resampled_as_one_of_a_single_training_seed(episodes, shown, summary):
    numbered = episodes.assign(training_seed=episodes.training_seed.fillna(0))
    for name, policy in summarised(numbered, shown)["policies"].items():
        assert {**policy, "training_seeds": None} == {**summary["policies"][name], "training_seeds": None}


def test_what_the_world_does_not_have_is_none(episodes, shown, summary):
    policies = summarised(episodes.assign(interest_drift=np.nan), shown)["policies"]
    assert {name: policy["interest_drift"] for name, policy in policies.items()} == dict.fromkeys(policies)
    assert policies["ppo"]["churn"] == summary["policies"]["ppo"]["churn"]


def test_row_order_does_not_matter(episodes, shown, summary):
    shuffled = episodes.sample(frac=1, random_state=0)
    again = summarised(shuffled, shown)
    assert again["policies"] == summary["policies"]


def test_distinguishable_from_random(episodes, shown):
    twin = episodes[episodes.policy == "random"].assign(policy="twin")
    both = pd.concat([episodes, twin])
    policies = summarised(both, {**shown, "twin": shown["random"]})["policies"]
    told = {name: policy["distinguishable_from_random"] for name, policy in policies.items()}
    assert told == {"random": False, "content": True, "ppo": True, "planner": True, "twin": False}


def test_same_policy_under_two_names_differs_by_exactly_zero(episodes, shown):
    twin = episodes[episodes.policy == "content"].assign(policy="twin")
    both = pd.concat([episodes, twin])
    policies = summarised(both, {**shown, "twin": shown["content"]})["policies"]
    assert policies["twin"]["versus_baseline"] == {"difference": 0.0, "low": 0.0, "high": 0.0}
    for measure in MEASURES:
        assert policies["twin"][measure] == policies["content"][measure]


def test_floor_or_ceiling_absent(episodes, shown):
    without = summarised(episodes[episodes.policy != "planner"], shown)
    assert all(policy["normalised"] is None for policy in without["policies"].values())
    assert without["policies"]["ppo"]["distinguishable_from_random"] is True
    without = summarised(episodes[episodes.policy != "random"], shown)
    assert all(policy["normalised"] is None for policy in without["policies"].values())
    assert without["policies"]["ppo"]["distinguishable_from_random"] is None


def test_a_ceiling_that_does_not_exceed_the_floor_costs_the_scale_and_nothing_else(episodes, shown, summary):
    upside_down = summarised(episodes, shown, floor="planner", ceiling="random")
    same = episodes.copy()
    same.loc[same.policy == "planner", "engagement"] = same.loc[same.policy == "random", "engagement"].to_numpy()
    for result in (upside_down, summarised(same, shown), summarised(episodes, shown, floor="ppo", ceiling="ppo")):
        assert all(policy["normalised"] is None for policy in result["policies"].values())
        assert result["policies"]["content"]["engagement"] == summary["policies"]["content"]["engagement"]
    assert upside_down["policies"]["ppo"]["distinguishable_from_random"] is True


def test_normalised_is_none_where_ceiling_and_floor_cannot_be_told_apart(episodes, shown):
    close = episodes.copy()
    noise = np.where(np.arange(30) % 2, 50.0, -49.0)
    floor = close.loc[close.policy == "random", "engagement"].to_numpy()
    close.loc[close.policy == "planner", "engagement"] = floor + noise
    assert summarised(close, shown)["policies"]["ppo"]["normalised"] is None


@pytest.mark.parametrize(
    ("baseline", "message"),
    [
        ("contnet", "Baseline 'contnet' is not among the policies. Did you mean 'content'"),
        ("zzz", "Baseline 'zzz' is not among the policies. Known: content, planner, ppo, random"),
    ],
)
def test_unknown_baseline(episodes, shown, baseline, message):
    with pytest.raises(ValueError, match=message):
        summarised(episodes, shown, baseline=baseline)


def test_missing_users_are_named(episodes, shown):
    lost = (episodes.policy == "ppo") & (episodes.training_seed == 1) & episodes.user.isin([3, 7])
    with pytest.raises(ValueError, match=r"Policy 'ppo', training seed 1, misses 2 of 30 users: 3, 7\."):
        summarised(episodes[~lost], shown)
    lost = (episodes.policy == "content") & (episodes.user < 9)
    with pytest.raises(ValueError, match=r"Policy 'content', misses 9 of 30 users: 0, 1, 2, 3, 4, \.\.\."):
        summarised(episodes[~lost], shown)


def with_value(episodes, column, value):
    changed = episodes.copy()
    changed.loc[(changed.policy == "ppo") & (changed.user == 4), column] = value
    return changed


BAD = {
    "nan": (lambda e: with_value(e, "engagement", np.nan), "Policy 'ppo', user 4: engagement is nan"),
    "infinity": (lambda e: with_value(e, "session_engagement", np.inf), "user 4: session_engagement is inf"),
    "other user": (lambda e: with_value(e, "user_seed", 5), "User 4 has 2 different user seeds"),
    "double": (lambda e: pd.concat([e, e[40:41]]), "Policy 'content', user 10: two rows"),
    "one user's drift": (lambda e: with_value(e, "interest_drift", np.nan), "user 4: interest_drift is nan"),
    "no engagement": (lambda e: e.assign(engagement=np.nan), "Policy 'random', user 0: engagement is nan"),
    "column": (lambda e: e.drop(columns=["churn"]), r"lacks the columns \['churn'\]"),
    "empty": (lambda e: e[:0], "empty"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD.keys())
def test_bad_episodes(episodes, shown, change, message):
    with pytest.raises(ValueError, match=message):
        summarised(change(episodes), shown)


def test_bad_shown(episodes, shown):
    with pytest.raises(ValueError, match=r"shown\['ppo'\] has \(training seeds, users\) \(1, 30\).*\(3, 30\)"):
        summarised(episodes, {**shown, "ppo": shown["ppo"][:1]})
    with pytest.raises(ValueError, match=r"shown\['planner'\] has .* None"):
        summarised(episodes, {name: array for name, array in shown.items() if name != "planner"})


def test_user_tables_are_ordered_by_seed_and_user():
    rows = [(1, 1, 4.0), (0, 1, 2.0), (1, 0, 3.0), (0, 0, 1.0)]
    frame = pd.DataFrame(
        [{"policy": "a", **dict.fromkeys(METRICS, x), "training_seed": s, "user": u} for s, u, x in rows]
    )
    np.testing.assert_array_equal(user_tables(frame)["a"]["churn"], [[1.0, 2.0], [3.0, 4.0]])


def test_results_come_back(tmp_path, episodes, steps, journeys, summary):
    write_results(tmp_path / "new" / "folder", Results(episodes, steps, journeys, summary))
    back = read_results(tmp_path / "new" / "folder")
    assert set(back.episodes.training_seed.isna()) == {True, False}
    for got, want in ((back.episodes, episodes), (back.steps, steps), (back.journeys, journeys)):
        pd.testing.assert_frame_equal(got, want, rtol=1e-14, atol=0)  # pandas < 3.1 may lose the last bit
    assert back.summary == summary
    assert back.episodes.user_seed.tolist() == episodes.user_seed.tolist()
    assert {file.name for file in (tmp_path / "new" / "folder").iterdir()} == {
        "episodes.csv",
        "steps.csv",
        "journeys.csv",
        "summary.json",
        "summary.md",
    }


def test_nan_in_a_summary_is_refused_before_anything_is_written(tmp_path, episodes, steps, journeys, summary):
    summary["policies"]["ppo"]["churn"]["mean"] = float("nan")
    with pytest.raises(ValueError, match="JSON"):
        write_results(tmp_path / "out", Results(episodes, steps, journeys, summary))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["episodes.csv", "steps.csv", "journeys.csv", "summary.json"])
def test_reading_a_folder_that_lacks_a_file(tmp_path, results, name):
    write_results(tmp_path, results)
    (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"does not hold a comparison: it has no {name}. Make one: driftrec"):
        read_results(tmp_path)


@pytest.mark.parametrize("file", OLD, ids=lambda file: file.parent.name)
def test_summaries_of_earlier_versions_are_told_as_they_were(file):
    assert markdown(read_summary(file)) == file.with_name("summary.md").read_text(encoding="utf-8")


def test_tables_of_earlier_versions_have_their_columns_of_today(tmp_path, results):
    write_results(tmp_path, results)
    old = results.episodes.rename(columns={"session_engagement": "session_minutes"})
    old.to_csv(tmp_path / "episodes.csv", index=False)
    (first,) = (file for file in OLD if file.parent.name == "movielens-titles")  # says no unit
    (tmp_path / "summary.json").write_bytes(first.read_bytes())
    back = read_results(tmp_path)
    pd.testing.assert_series_equal(back.episodes.session_engagement, results.episodes.session_engagement)
    assert set(METRICS) <= set(back.episodes.columns)
    assert back.summary["unit"] == "minutes"
    assert "session_engagement" in back.summary["policies"]["ppo"]
