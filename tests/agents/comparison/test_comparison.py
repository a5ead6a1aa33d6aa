"""Comparing policies: how they are named, built before any work, and served the same users."""

import json

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.baselines import LinUCB, Popular, Random
from driftrec.agents.comparison.comparison import compare
from driftrec.agents.comparison.entries import Entry, build_entries, chosen_baseline, parse_entry, weights_of_planners
from driftrec.agents.evaluation.stories import one_user
from driftrec.agents.evaluation.summary import read_results, write_results
from driftrec.agents.evaluation.tables import markdown, text_table
from driftrec.agents.oracles import MyopicOracle, Planner, PlannerWeights
from driftrec.agents.policy import PolicyError
from driftrec.agents.worlds import news


@pytest.fixture(scope="module")
def setup(make_setup):
    return make_setup(12, horizon=10)


@pytest.mark.parametrize(
    ("text", "label", "names"),
    [
        ("random", "random", ["random"]),
        ("mine=random", "mine", ["random"]),
        ("ppo:runs/7", "ppo", ["ppo:runs/7"]),
        ("ppo:a,b", "ppo", ["ppo:a", "ppo:b"]),
        ("drawn=ppo:a,b", "drawn", ["ppo:a", "ppo:b"]),
        ("ppo-sampled:a", "ppo-sampled", ["ppo-sampled:a"]),
        ("farsighted:a,b", "farsighted", ["farsighted:a", "farsighted:b"]),
        ("mmr:a,b", "mmr", ["mmr:a", "mmr:b"]),
        ("ppo:x=1", "ppo", ["ppo:x=1"]),
        ("ppo:lr=1,lr=2", "ppo", ["ppo:lr=1", "ppo:lr=2"]),
        ("mine=ppo:runs/x=1", "mine", ["ppo:runs/x=1"]),
        ("a=b=random", "a", ["b=random"]),
        ("myopic", "myopic", ["myopic"]),
        ("myopic:a", "myopic", ["myopic:a"]),
        ("linucb:runs/9", "linucb tuned", ["linucb:runs/9"]),
        ("mine=content:runs/9", "mine", ["content:runs/9"]),
        ("linucb", "linucb", ["linucb"]),
        ("package.module:Class", "package.module:Class", ["package.module:Class"]),
        ("my own=package.module:Class", "my own", ["package.module:Class"]),
        ("a.b:C?seed=1,a.b:C?seed=2", "a.b:C", ["a.b:C?seed=1", "a.b:C?seed=2"]),
        ("new=a.b:C?file=x,y,a.b:C?file=z", "new", ["a.b:C?file=x,y", "a.b:C?file=z"]),
        ("a.b:C?file=x,y", "a.b:C?file=x,y", ["a.b:C?file=x,y"]),
        ("sb3:PPO:a.zip,sb3:PPO:b.zip", "sb3:PPO", ["sb3:PPO:a.zip", "sb3:PPO:b.zip"]),
        ("sb3:PPO:a,b.zip", "sb3:PPO:a,b.zip", ["sb3:PPO:a,b.zip"]),
    ],
)
def test_entries_are_read(text, label, names):
    assert parse_entry(text) == (label, names)


def test_the_weights_of_planners_are_told_by_label(setup):
    planners = {label: Planner(setup.world, PlannerWeights(satisfaction=x)) for label, x in (("a", 1.0), ("b", 2.0))}
    entries = [Entry(label, {None: policy}) for label, policy in planners.items()]
    others = [Entry("random", {None: Random(setup.context)}), Entry("trained", {7: Random(setup.context)})]
    told = weights_of_planners([*entries, *others])
    rest = {"opening": 0.0, "freshness": 0.0, "loyalty": 0.0}
    assert told == {"a": {"satisfaction": 1.0, **rest}, "b": {"satisfaction": 2.0, **rest}}


def test_an_empty_label_is_refused():
    with pytest.raises(ValueError, match="'=random' has an empty label; write label=policy"):
        parse_entry("=random")


def test_nothing_to_compare():
    with pytest.raises(ValueError, match="No policies to compare; name some, such as random"):
        chosen_baseline(None, [])


@pytest.mark.parametrize(
    ("wanted", "label"),
    [("ppo", "ppo"), ("ppo:runs/7", "ppo"), ("b=random", "b"), ("b", "b"), ("popular", "popular"), (None, "ppo")],
)
def test_the_baseline_goes_by_its_label_or_as_it_was_spelt(wanted, label):
    assert chosen_baseline(wanted, ["ppo:runs/7", "b=random", "popular"]) == label


def test_entries_are_built_in_the_order_given(setup):
    entries = build_entries(setup, ["popular", "myopic-oracle", "again=popular", "random"], seed=0)
    assert [entry.label for entry in entries] == ["popular", "myopic-oracle", "again", "random"]
    kinds = [type(entry.policies[None]) for entry in entries]
    assert kinds == [Popular, MyopicOracle, Popular, Random]
    assert entries[0].policies[None] is not entries[2].policies[None]


@pytest.mark.parametrize(
    ("names", "error", "message"),
    [
        (["planner", "randon"], ValueError, "Unknown policy 'randon'. Did you mean 'random'"),
        (["planner", "ppoo:run1"], ImportError, "there is no module 'ppoo'. Did you mean 'ppo'[?]"),
        (["planner", "myopic-orakle"], ValueError, "Did you mean 'myopic-oracle'"),
        (["planner", "ppo"], ValueError, "'ppo' needs an argument: write ppo:ARGUMENT"),
        (["planner", "ppo:"], ValueError, "'ppo' needs an argument"),
        (["planner", "planner2=planner:3"], ValueError, "'planner' takes no argument"),
        (["planner", "ppo:nowhere"], FileNotFoundError, "There is no checkpoint at nowhere"),
        (["planner", "a=random", "a=popular"], ValueError, "Two policies are called 'a'; name them apart"),
        (["planner", "no_such_module:Mine"], ImportError, "Cannot import policy 'no_such_module:Mine'"),
    ],
)
def test_a_wrong_name_is_found_before_the_planner_is_tuned(setup, monkeypatch, names, error, message):
    monkeypatch.setattr(news, "planner_weights", None)  # calling it would be a TypeError
    with pytest.raises(error, match=message):
        build_entries(setup, names, seed=0)


def test_every_known_name_is_listed_once(setup):
    with pytest.raises(ValueError, match="Known: ") as caught:
        build_entries(setup, ["zzz"], seed=0)
    known = str(caught.value).partition("Known: ")[2].partition(".")[0].split(", ")
    assert len(known) == len(set(known)) >= 10


def entries(setup):
    world = setup.world
    return [
        Entry("random", {None: Random(setup.context)}),
        Entry("trained", {7: Random(setup.context), 3: Popular(setup.context)}),
        Entry("planner", {None: Planner(world, PlannerWeights(opening=1.0))}),
    ]


@pytest.fixture(scope="module")
def results(setup):
    said = []
    found = compare(setup, entries(setup), users=20, seed=5, baseline="random", on_policy=said.append)
    assert said == ["random", "trained", "trained", "planner"]
    return found


def test_all_policies_meet_the_same_users(results):
    groups = results.episodes.groupby(["policy", results.episodes.training_seed.fillna(-1)])
    users = {key: rows.user_seed.tolist() for key, rows in groups}
    assert set(users) == {("random", -1), ("trained", 3), ("trained", 7), ("planner", -1)}
    assert len({tuple(seeds) for seeds in users.values()}) == 1
    assert len(results.steps) == 4 * 10


def test_a_training_seed_fares_as_it_would_alone(setup, results):
    alone = compare(setup, [Entry("p", {3: Popular(setup.context)})], users=20, seed=5, baseline="p").episodes
    among = results.episodes.query("policy == 'trained' and training_seed == 3")
    np.testing.assert_array_equal(among.engagement, alone.engagement)


def test_the_same_seed_repeats_and_another_brings_other_users(setup, results):
    again = compare(setup, entries(setup), users=20, seed=5, baseline="random")
    pd.testing.assert_frame_equal(again.episodes, results.episodes)
    assert again.summary == results.summary
    other = compare(setup, entries(setup), users=20, seed=6, baseline="random")
    assert not set(other.episodes.user_seed) & set(results.episodes.user_seed)


@pytest.mark.parametrize(("baseline", "other"), [("random", "planner"), ("trained", "planner"), ("planner", "trained")])
def test_journeys_are_one_users_under_the_baseline_and_the_last_other_policy(setup, baseline, other):
    journeys = compare(setup, entries(setup), users=20, seed=5, baseline=baseline).journeys
    assert journeys.policy.unique().tolist() == [baseline, other]
    assert journeys.user.nunique() == 1


def test_only_training_seeds_that_there_are_are_told(results):
    assert results.summary["seeds"] == {"evaluation": 5, "training": [3, 7]}
    told = {name: policy["training_seeds"] for name, policy in results.summary["policies"].items()}
    assert told == {"random": [], "trained": [3, 7], "planner": []}


class Peeping(Random):
    """Random slates, chosen with the truth in sight."""

    def see(self, state):
        state.interest[:] = 0.0
        state.gone[:] = True
        state.history.add(*[np.zeros((len(state.gone), 5))] * 3, np.zeros(len(state.gone)))


def test_whatever_sees_the_truth_is_marked_and_can_change_nothing(setup, results):
    peeping = Entry("peeping", {None: Peeping(setup.context)})
    found = compare(setup, [*entries(setup), peeping], users=20, seed=5, baseline="random")
    told = {name: policy["oracle"] for name, policy in found.summary["policies"].items()}
    assert told == {"random": False, "trained": False, "planner": True, "peeping": True}
    for column in ("engagement", "steps", "churn", "interest_drift"):
        by_policy = found.episodes.groupby("policy")[column].apply(list)
        assert by_policy["peeping"] == by_policy["random"], column
    assert {**found.summary["policies"]["random"]} == results.summary["policies"]["random"]


def test_the_weights_that_define_the_scale_are_told(results):
    weights = {"satisfaction": 0.0, "opening": 1.0, "freshness": 0.0, "loyalty": 0.0}
    assert results.summary["planner_weights"] == {"planner": weights}


def test_results_are_written_and_read(results, tmp_path):
    write_results(tmp_path, results)
    back = read_results(tmp_path)
    assert back.summary == results.summary
    for name in ("episodes", "steps", "journeys", "stories", "exposure"):
        pd.testing.assert_frame_equal(
            getattr(back, name), getattr(results, name), rtol=1e-7, atol=0, check_dtype=name == "journeys"
        )


def test_every_impression_counts_as_exposure(results):
    counted = results.exposure.groupby(["policy", results.exposure.training_seed.fillna(-1)]).impressions.sum()
    episodes = results.episodes
    told = episodes.groupby(["policy", episodes.training_seed.fillna(-1)]).impressions.sum()
    pd.testing.assert_series_equal(counted, told)
    reached = results.exposure[results.exposure.policy == "random"].item.nunique() / results.summary["items"]
    assert reached == results.summary["policies"]["random"]["catalogue_coverage"]["mean"]


def test_the_story_is_the_followed_users_under_every_policy(results, setup):
    story = results.stories
    assert story.policy.unique().tolist() == ["random", "trained", "planner"]
    assert set(story.user) == set(results.journeys.user)
    whole = results.episodes.drop_duplicates(["policy", "user"])  # of the first training seed
    whole = whole[whole.user == story.user.iloc[0]].set_index("policy")
    lived = story.groupby("policy").agg({"engagement": "sum", "step": "nunique", "session": "nunique"})
    np.testing.assert_allclose(lived.engagement, whole.engagement[lived.index], rtol=1e-5)
    assert lived.step.to_dict() == whole.steps[lived.index].to_dict()
    assert set(story.title) <= set(setup.world.catalogue.titles)


def test_the_user_to_follow_stays_under_both_policies():
    rows = {"a": {0: 3, 1: 9, 2: 6}, "b": {0: 9, 1: 2, 2: 5}}  # last step of each user
    journeys = {
        name: pd.DataFrame(
            [{"user": u, "step": s, "interest": 0.0} for u, last in lasts.items() for s in range(last + 1)]
        )
        for name, lasts in rows.items()
    }
    followed = one_user(journeys)
    assert set(followed.user) == {2}
    assert followed.groupby("policy").step.max().to_dict() == {"a": 6, "b": 5}


FOUND = {"alpha": 0.5, "prior": 0.25, "ridge": 3.0, "dims": 5}


def test_what_was_tuned_is_served_and_told(setup, tmp_path):
    (tmp_path / "best.json").write_text(json.dumps({"policy": "linucb", "best": FOUND}))
    entries = build_entries(setup, ["linucb", f"linucb:{tmp_path}"], seed=0)
    results = compare(setup, entries, users=6, seed=1, baseline="linucb")
    by_hand = Entry("a", {None: LinUCB(setup.context, **FOUND)})
    wanted = compare(setup, [by_hand], users=6, seed=1, baseline="a").episodes
    got = results.episodes[results.episodes.policy == "linucb tuned"]
    assert got.engagement.tolist() == wanted.engagement.tolist()
    assert results.summary["parameters"] == {"linucb tuned": FOUND}
    line = "linucb tuned: tuned to alpha 0.5, prior 0.25, ridge 3, dims 5"
    assert line in text_table(results.summary)
    assert f"- {line}" in markdown(results.summary)


class Failing(Random):
    """Fails as it is told."""

    def __init__(self, context, error):
        super().__init__(context)
        self.error = error

    def act(self, observation):
        raise self.error


@pytest.mark.parametrize(
    ("error", "labels", "missing"),
    [
        (OSError("no"), ["random", "trained", "planner"], ["failing"]),
        (KeyboardInterrupt(), ["random", "trained"], ["failing", "planner"]),
    ],
)
def test_what_finished_is_kept(setup, results, error, labels, missing):
    failing = Entry("failing", {None: Failing(setup.context, error)})
    all_of_them = [*entries(setup)[:2], failing, *entries(setup)[2:]]
    found = compare(setup, all_of_them, users=20, seed=5, baseline="failing")
    assert list(found.summary["policies"]) == found.episodes.policy.unique().tolist() == labels
    assert list(found.summary["failed"]) == missing
    assert found.summary["baseline"] == "random"
    assert f"not finished: failing: {found.summary['failed']['failing']}" in text_table(found.summary)
    before = results.episodes[results.episodes.policy.isin(labels)]
    for column in ("engagement", "steps", "churn"):
        assert found.episodes[column].tolist() == before[column].tolist()


@pytest.mark.parametrize(("error", "missing"), [(OSError("no"), ["a"]), (KeyboardInterrupt(), ["a", "b"])])
def test_training_seeds_that_finished_are_kept(setup, error, missing):
    policies = {3: Random(setup.context), 7: Failing(setup.context, error), 9: Random(setup.context)}
    both = [Entry("a", policies), Entry("b", {None: Random(setup.context)})]
    found = compare(setup, both, users=5, seed=5, baseline="a")
    kept = [3, 9] if isinstance(error, OSError) else [3]
    assert found.summary["policies"]["a"]["training_seeds"] == kept
    assert list(found.summary["failed"]) == missing
    assert found.summary["baseline"] == "a"


def test_where_nothing_finished_the_first_error_is_raised(setup):
    failing = [Entry(label, {None: Failing(setup.context, OSError(label))}) for label in ("one", "two")]
    with pytest.raises(PolicyError, match="Policy 'one' failed in act"):
        compare(setup, failing, users=5, seed=5, baseline="one")
