"""Policies chosen of a comparison, and those of another added."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from driftrec.agents.comparison.added import Compared, added, chosen, read_joined
from driftrec.agents.evaluation.summary import Results, summarise, write_results
from tests.agents.evaluation.conftest import episodes, journeys, results, shown, steps, summary  # noqa: F401

CONFIG = {"world": "w", "horizon": 25, "fingerprints": {"catalogue": "abc"}, "out": "somewhere"}


def part(results, shown, names, baseline, renamed=None, **changed):  # noqa: F811
    """What a comparison of these policies alone would have come to."""
    called = {name: (renamed or {}).get(name, name) for name in names}
    tables = {
        name: getattr(results, name)[lambda table: table.policy.isin(names)].replace({"policy": called})
        for name in ("episodes", "steps", "journeys")
    }
    found = summarise(
        tables["episodes"].reset_index(drop=True),
        {called[name]: shown[name] for name in names},
        **{"world": "test world", "unit": "minutes", "seed": 11, **changed},
        baseline=baseline,
        oracles=["planner"],
    )
    return Results(**{name: table.reset_index(drop=True) for name, table in tables.items()}, summary=found)


def test_two_parts_give_the_whole(results, shown, tmp_path):  # noqa: F811
    first = Compared(tmp_path / "a", part(results, shown, ["random", "content"], "content"), CONFIG)
    other = Compared(tmp_path / "b", part(results, shown, ["random", "ppo", "planner"], "ppo"), CONFIG)
    found = added(first, replace(other, config={**CONFIG, "out": "elsewhere"}))
    assert found.summary == results.summary  # compared with the baseline of the first, intervals and all
    for name in ("episodes", "steps"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(results, name))
    assert found.journeys.policy.unique().tolist() == ["content"]


def test_another_policy_of_one_name_is_called_by_its_folder(results, shown, tmp_path):  # noqa: F811
    first = Compared(tmp_path / "a", part(results, shown, ["random", "content"], "random"), {})
    again = part(results, shown, ["random", "ppo"], "random", renamed={"ppo": "content"})
    found = added(first, Compared(tmp_path / "b", again, {}))
    assert list(found.summary["policies"]) == ["random", "content", "content (b)"]
    assert set(found.episodes.policy) == set(found.summary["policies"])
    twice = added(replace(first, results=found), Compared(tmp_path / "b", again, {}))
    assert list(twice.summary["policies"])[3:] == ["content (b) 2"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"config": {**CONFIG, "horizon": 30}}, "its world is another [(]horizon 30, not 25[)]. Compare its policies"),
        (
            {"config": {**CONFIG, "fingerprints": {"catalogue": "x"}}},
            "its world is another [(]fingerprint of catalogue x, not abc[)]",
        ),
        ({"world": "other"}, "its world is another [(]world other, not test world[)]"),
        ({"shift": 1}, "its users are others [(]30 users of seed 11, not 30 users of seed 11[)]. Compare .* --seed"),
        ({"fewer": 20, "seed": 4}, "its users are others [(]20 users of seed 4, not 30 users of seed 11[)]"),
    ],
)
def test_other_users_and_worlds_are_refused_in_words(results, tmp_path, change, message):  # noqa: F811
    summary = {**results.summary, "world": change.get("world", "test world")}  # noqa: F811
    told = {**summary, "users": change.get("fewer", 30), "seeds": {"evaluation": change.get("seed", 11)}}
    met = results.episodes[results.episodes.user < change.get("fewer", 30)]
    met = met.assign(user_seed=met.user_seed + change.get("shift", 0))
    other = Compared(tmp_path / "b", replace(results, episodes=met, summary=told), change.get("config", CONFIG))
    with pytest.raises(ValueError, match=f"b cannot be added to .*a: {message}"):
        added(Compared(tmp_path / "a", results, CONFIG), other)


def test_some_policies_in_the_order_of_the_comparison(results):  # noqa: F811
    found = chosen(results, ["ppo", "random"])
    assert list(found.summary["policies"]) == ["random", "ppo"]
    assert set(found.steps.policy) == {"random", "ppo"}
    assert set(found.journeys.policy) == {"ppo"}
    assert found.stories.empty
    with pytest.raises(ValueError, match=r"No policy is called 'pop' in this comparison\. Did you mean 'ppo'"):
        chosen(results, ["random", "pop"])


def test_folders_are_read_and_joined(results, shown, tmp_path):  # noqa: F811
    for name, names in {"a": ["random", "content"], "b": ["ppo"], "c": ["planner"]}.items():
        write_results(tmp_path / name, part(results, shown, names, names[0]))
        (tmp_path / name / "config.json").write_text(json.dumps(CONFIG))
    found = read_joined(tmp_path / "a", [tmp_path / "b", tmp_path / "c"])
    assert list(found.summary["policies"]) == ["random", "content", "ppo", "planner"]
    with pytest.raises(FileNotFoundError, match="nowhere does not hold a comparison"):
        read_joined(tmp_path / "a", [tmp_path / "nowhere"])
