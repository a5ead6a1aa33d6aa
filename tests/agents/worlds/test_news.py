"""News: its names, its planner, and its truth in plain sight."""

import numpy as np
import pytest

from driftrec.agents.oracles import MyopicOracle, Planner
from driftrec.agents.policy import Oracle
from driftrec.agents.registry import builders
from driftrec.agents.worlds import news
from driftrec.agents.worlds.kit import Effort
from driftrec.agents.worlds.kits import kit_of


@pytest.fixture(scope="module")
def setup(make_setup):
    return make_setup(8, slate_size=3, history=10, horizon=5)


def test_news_keeps_its_own_names(setup):
    kit = kit_of(setup)
    names = ("random", "popular", "content", "epsilon-content", "linucb", "myopic", "myopic-oracle", "planner")
    assert kit.baselines == names
    assert set(builders(setup).policies) >= set(names)
    assert not {"quality", "bayes"} & set(builders(setup).policies)
    assert kit.tunes_planner
    assert kit.note(setup) == ""
    assert isinstance(builders(setup).policies["myopic-oracle"](setup.context), MyopicOracle)


def test_the_planner_is_tuned_as_the_effort_says(setup, monkeypatch):
    told = []

    def weights(world, horizon, **effort):
        told.append((world, horizon, effort))

    monkeypatch.setattr(news, "planner_weights", weights)
    planner = kit_of(setup).planner(setup, Effort(users=7, rounds=2, retune=True), print)
    assert isinstance(planner, Planner)
    assert isinstance(planner, Oracle)
    assert told == [(setup.world, 5, {"retune": True, "users": 7, "rounds": 2, "report": print})]


def test_the_truth_is_in_the_observations_of_the_revealed_world_alone(setup):
    shown = kit_of(setup).revealed(setup)
    users = np.arange(6, dtype=np.uint64)
    plain, told = (world.observe(world.reset(users)) for world in (setup.world, shown.world))
    truth = {"interest", "satiation", "satisfaction"}
    assert set(told) - set(plain) == truth
    assert shown.context.truth == sum(told[name].shape[1] for name in truth)
    assert setup.context.truth == 0
    for name in plain:
        np.testing.assert_array_equal(plain[name], told[name])
