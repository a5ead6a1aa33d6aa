"""What logs of the shop tell: the features are what the planner weighs, and policies of them serve."""

import numpy as np
import pytest

from driftrec.agents.evaluation.play import mean_engagement
from driftrec.agents.oracles.search import Budget
from driftrec.agents.scenarios.shop_planner import ShopPlanner, ShopWeights
from driftrec.agents.scenarios.shop_rivals import INDEX, START, RandomPages
from driftrec.agents.scenarios.shop_sight import sight_of
from driftrec.agents.scenarios.shop_values import (
    BARS,
    STATE_AWARE,
    policy_from_logs,
    visit_features,
    weights_from_logs,
)
from driftrec.envs.shop import shop_world
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.shop.world import logistic

WORLD, USERS = shop_world(), 40


@pytest.fixture(scope="module")
def begun():
    """Customers after some random pages, and one more page."""
    state, rng = WORLD.reset(np.arange(USERS, dtype=np.uint64)), np.random.default_rng(0)
    for _ in range(8):
        WORLD.step(state, rng.integers(WORLD.num_items, size=(USERS, 6)))
    return state, rng.integers(WORLD.num_items, size=(USERS, 1))


def seen(state):
    return sight_of(WORLD, state, np.arange(USERS), "all")


def flags(value):
    return np.full((USERS, 1), value)


@pytest.mark.parametrize("name", [name for name in STATE_AWARE if name not in ("diversity", "pace", "shown")])
def test_features_of_what_is_looked_at_are_those_of_the_planner(begun, name):
    state, page = begun
    none, one = (ShopPlanner(WORLD, ShopWeights(**told))._worth(seen(state))[1] for told in ({}, {name: 1.0}))
    weighed = np.take_along_axis(one - none, page, axis=1)[:, 0]
    buy = np.take_along_axis(logistic(seen(state).buy), page, axis=1)[:, 0]
    kept, sold = (visit_features(WORLD, state, page, flags(True), flags(x))[name] for x in (False, True))
    np.testing.assert_allclose((1 - buy) * kept + buy * sold, weighed, atol=2e-5)
    assert not visit_features(WORLD, state, page, flags(False), flags(False))[name].any()


def test_features_of_what_is_shown_are_those_of_the_planner(begun):
    state, page = begun
    told = visit_features(WORLD, state, page, flags(False), flags(False))
    for bar in BARS:
        cost = ShopPlanner(WORLD, ShopWeights(pace=1.0, bar=bar))._worth(seen(state))[2]
        np.testing.assert_allclose(told[f"pace {bar}"], -np.take_along_axis(cost, page, axis=1)[:, 0], atol=1e-5)
    np.testing.assert_array_equal(told["shown"], WORLD.offer[page[:, 0]])


def test_things_of_one_category_above_count():
    state = WORLD.reset(np.arange(2, dtype=np.uint64))
    offers = np.flatnonzero(WORLD.offer & (WORLD.catalogue.topic == 3))[:3]
    other = np.flatnonzero(WORLD.catalogue.topic == 4)[:2]
    slates = np.stack([offers, [offers[0], *other]])
    told = visit_features(WORLD, state, slates, np.zeros((2, 3), bool), np.zeros((2, 3), bool))
    assert told["diversity"][0] == -3.0
    assert told["diversity"][1] > -3.0


@pytest.mark.parametrize("names", [INDEX, STATE_AWARE])
def test_policies_are_found_in_random_logs_and_on_their_own_play(names):
    log, budget = RandomPages(WORLD), Budget(users=20)
    for _ in range(2):
        log = policy_from_logs(WORLD, log, names, horizon=20, users=100, budget=budget)
        left_alone = {name for name in STATE_AWARE if name not in names}
        assert all(getattr(log.weights, name) == getattr(START, name) for name in left_alone)
    assert mean_engagement(WORLD, log, user_seeds(1, "test", 20), 20) > 0


def test_a_mechanism_that_is_off_leaves_no_weight():
    world = shop_world(config={"consideration": {"offer": 0.0, "editorial": 0.0}})
    found = weights_from_logs(world, RandomPages(world), STATE_AWARE, 10, 60, 0)
    assert (found.consider, found.consider_soon) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert found.bar in BARS
