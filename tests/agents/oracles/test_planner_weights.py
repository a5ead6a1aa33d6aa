"""The planner's weights are tuned once for a world and kept."""

import json

import pytest

from driftrec.agents.oracles import PlannerWeights
from driftrec.agents.oracles import planner_weights as kept
from driftrec.agents.oracles.planner import tune_planner
from driftrec.agents.oracles.planner_weights import PACKAGED, planner_weights, world_key
from driftrec.envs.news import news_world

SOME, OTHER = PlannerWeights(1.0, 2.0, 3.0, 4.0), PlannerWeights(5.0)


@pytest.fixture(scope="module")
def world():
    return news_world()


@pytest.fixture
def tunings(monkeypatch, tmp_path):
    """Replaces tuning by a call that is written down, in an empty cache."""
    calls = []

    def tune(world, **settings):
        calls.append((settings["horizon"], settings["num_users"], settings["rounds"]))
        return SOME if len(calls) == 1 else OTHER

    monkeypatch.setattr(kept, "tune_planner", tune)
    monkeypatch.setattr(kept, "PACKAGED", {})
    monkeypatch.setenv("DRIFTREC_CACHE", str(tmp_path / "cache"))
    return calls


@pytest.mark.parametrize(
    "change",
    [{"slate_size": 4}, {"config": {"drift": {"towards": 0.02}}}, {"config": {"memory": 8}}],
)
def test_the_key_depends_on_the_world(world, change):
    assert world_key(news_world(**change), 200) != world_key(world, 200)


def test_the_key_depends_on_the_horizon_and_on_nothing_else(world):
    assert world_key(world, 200) != world_key(world, 100)
    assert world_key(world, 200) == world_key(
        news_world(history=7), 200
    )  # what a recommender sees is not the planner's


def test_weights_are_tuned_once(world, tunings):
    assert planner_weights(world, 200, users=9, rounds=2) == SOME
    assert planner_weights(world, 200, users=9, rounds=2) == SOME
    assert tunings == [(200, 9, 2)]
    assert planner_weights(world, 100, users=9, rounds=2) == OTHER
    assert tunings == [(200, 9, 2), (100, 9, 2)]


def test_weights_tuned_with_less_are_not_taken_for_more(world, tunings):
    planner_weights(world, 200, users=9, rounds=2)
    assert planner_weights(world, 200, users=8, rounds=1) == SOME  # more will do
    assert planner_weights(world, 200, users=6, rounds=3) == OTHER  # as much, but not the same
    assert planner_weights(world, 200, users=9, rounds=2) == SOME  # those of this effort
    assert [effort for _, *effort in tunings] == [[9, 2], [6, 3]]


def test_it_is_told_where_weights_are(world, tunings, tmp_path):
    told = []
    planner_weights(world, 7, users=9, rounds=2, report=told.append)
    (file,) = (tmp_path / "cache").iterdir()
    assert file.name == f"planner-{world_key(world, 7)}-9x2.json"
    assert told[1:] == [f"What was tuned is kept: {file}"]
    planner_weights(world, 7, users=9, rounds=2, report=told.append)
    assert told[2:] == [f"The planner was tuned before: {file}"]


def test_retuning_replaces_what_is_kept(world, tunings):
    planner_weights(world, 200)
    assert planner_weights(world, 200, retune=True) == OTHER
    assert planner_weights(world, 200) == OTHER
    assert len(tunings) == 2


def test_packaged_weights_come_first_unless_retuned(world, tunings, monkeypatch):
    monkeypatch.setattr(kept, "PACKAGED", {world_key(world, 200): OTHER})
    assert planner_weights(world, 200) == OTHER
    assert tunings == []
    assert planner_weights(world, 200, retune=True) == SOME


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"weights": {"joy": 1}}', '{"weights": "x"}'])
def test_a_damaged_cache_is_made_again(world, tunings, tmp_path, content):
    planner_weights(world, 200)
    (file,) = (tmp_path / "cache").iterdir()
    file.write_text(content)
    with pytest.warns(UserWarning, match="are damaged .*; tuning again"):
        assert planner_weights(world, 200) == OTHER
    assert json.loads(file.read_text())["weights"]["satisfaction"] == 5.0


def test_a_cache_that_may_not_be_read_is_told_as_that(world, tunings, open_folder, as_nobody, monkeypatch):
    monkeypatch.setenv("DRIFTREC_CACHE", str(open_folder))
    planner_weights(world, 200)
    (file,) = open_folder.iterdir()
    with as_nobody(file), pytest.warns(UserWarning, match=r"cannot be read \(\[Errno 13\] Permission denied"):
        assert planner_weights(world, 200) == OTHER


def test_a_cache_that_cannot_be_written_costs_a_warning(world, tunings, tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.warns(UserWarning, match="could not be cached"):
        assert planner_weights(world, 200) == SOME


def test_packaged_weights_are_finite_and_keyed_by_hashes():
    for key, weights in PACKAGED.items():
        assert len(key) == 64
        assert all(abs(value) < 1e4 for value in vars(weights).values())


OWN = """
from driftrec.simulators.choice import MultinomialLogit


class Same(MultinomialLogit):
    pass
"""


def test_a_mechanism_of_the_users_own_has_weights_of_its_own(world, tmp_path, monkeypatch):
    (tmp_path / "own_same_choice.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    own = news_world(config={"choice": {"kind": "own_same_choice:Same"}})
    again = news_world(config={"choice": {"kind": "own_same_choice:Same"}})
    assert world_key(own, 200) == world_key(again, 200) != world_key(world, 200)
    named = news_world(config={"choice": {"kind": "MultinomialLogit"}})
    assert world_key(named, 200) == world_key(world, 200)


def test_the_planner_plans_with_a_choice_of_the_users_own(tmp_path, monkeypatch):
    (tmp_path / "own_planned_choice.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    own = news_world(config={"choice": {"kind": "own_planned_choice:Same"}})
    weights = [tune_planner(made, seed=0, horizon=3, num_users=4, rounds=1, samples=4) for made in (own, news_world())]
    assert weights[0] == weights[1]


def test_the_default_world_has_packaged_weights(world):
    assert world_key(world, 200) in PACKAGED
