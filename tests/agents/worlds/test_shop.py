"""The shop's kit: its planner serves and beats what it must, and the learner of texts fits the world."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from driftrec.agents.evaluation.play import mean_engagement
from driftrec.agents.oracles.search import Budget
from driftrec.agents.ranker.choice import AnyClick
from driftrec.agents.scenarios.shop_planner import ShopPlanner, ShopWeights
from driftrec.agents.scenarios.shop_rivals import OFF, RIVALS, RandomPages, judged, tuned_rival
from driftrec.agents.scenarios.shop_sight import sight_of
from driftrec.agents.setup import Setup, WorldArgs, set_up
from driftrec.agents.worlds.kit import Effort
from driftrec.agents.worlds.kits import kit_named
from driftrec.agents.worlds.shop import TUNED, ShopKit
from driftrec.envs.shop import shop_world
from driftrec.simulators.noise import user_seeds

WORLD, KIT = shop_world(), kit_named("driftrec/Shop-v0")
SETUP = Setup(WorldArgs("driftrec/Shop-v0"), WORLD, 30)
USERS = user_seeds(1, "test", 60)
BURDEN = ShopKit().burden(SETUP)


def begun(users=20, steps=5):
    state, rng = WORLD.reset(np.arange(users, dtype=np.uint64)), np.random.default_rng(0)
    for _ in range(steps):
        WORLD.step(state, rng.integers(WORLD.num_items, size=(users, 6)))
    return state


def test_foresight_pays_and_the_myopic_beat_random():
    random, myopic, planner = (
        mean_engagement(WORLD, policy, USERS, 60)
        for policy in (RandomPages(WORLD), KIT.myopic_oracle(SETUP), KIT.planner(SETUP, Effort(), print))
    )
    assert planner > 2 * myopic > 2 * random


@pytest.mark.parametrize("picks", ["joint", "top-k"])
def test_pages_hold_six_things_and_none_twice(picks):
    policy = ShopPlanner(WORLD, TUNED, picks=picks)
    state = begun()
    state.gone[3] = True
    policy.see(state)
    pages = policy.act({})
    assert pages.shape == (20, 6)
    assert (np.sort(pages, axis=1)[:, 1:] != np.sort(pages, axis=1)[:, :-1]).all()


def test_the_first_pick_is_what_sells_best_alone():
    policy = ShopPlanner(WORLD, ShopWeights())
    state = begun()
    policy.see(state)
    best = WORLD.expected_engagement(state).argmax(axis=1)
    present = ~state.gone
    np.testing.assert_array_equal(policy.act({})[present, 0], best[present])


def test_picks_that_see_each_other_spread_over_categories():
    state = begun()
    spread = []
    for picks in ("joint", "top-k"):
        policy = ShopPlanner(WORLD, TUNED, picks=picks)
        policy.see(state)
        topics = WORLD.catalogue.topic[policy.act({})]
        spread.append(np.mean([len(set(row)) for row in topics.tolist()]))
    assert spread[0] > spread[1] + 0.5


@pytest.mark.parametrize("knows", ["all", "usual thresholds", "counts", "persona"])
def test_what_is_believed_leaves_the_state_alone(knows):
    state, twin = begun(), begun()
    sight = sight_of(WORLD, state, np.arange(20), knows)
    for name, value in vars(state).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, getattr(twin, name), err_msg=name)
    assert sight.view.shape == (20, WORLD.num_items)
    assert (sight.threshold == WORLD.config.wear.threshold).all() == (knows != "all")


def test_a_search_finds_something_better_than_the_start():
    budget = Budget(users=40, rounds=2, samples=6)
    found = tuned_rival(WORLD, replace(RIVALS["best constants"], free=("shown", "editorial")), 30, budget)
    start = tuned_rival(WORLD, RIVALS["myopic, joint"], 30, budget)
    assert found.weights != start.weights
    users = user_seeds(0, "search", 40)
    assert mean_engagement(WORLD, found, users, 30) >= mean_engagement(WORLD, start, users, 30)


def test_a_policy_is_judged_by_what_it_sells_and_shows():
    outcome = judged(WORLD, ShopPlanner(WORLD, TUNED), 30, 40, seed=1)
    assert outcome.mean > 0
    assert 0 < outcome.views < 1


@pytest.mark.parametrize("name", OFF)
def test_every_mechanism_can_be_switched_off(name):
    world = shop_world(config=OFF[name])
    assert mean_engagement(world, ShopPlanner(world, TUNED), USERS[:10], 10) >= 0


@pytest.fixture(scope="module")
def judge():
    setup = set_up(WorldArgs("driftrec/Shop-v0"))
    return KIT.judge(setup, asdict(replace(KIT.settings, representation="random")), 0)


def test_several_things_are_opened_and_may_be_shown_again(judge):
    assert isinstance(KIT.choice(SETUP), AnyClick)
    assert judge.items.keys == ()


@pytest.mark.parametrize("name", ShopKit.by_topic)
def test_what_the_shop_counts_by_category_is_read(judge, name):
    """Purchases above all: no impression tells of one that was made later."""
    seen = WORLD.observe(begun())
    other = {**seen, name: seen[name] + 20.0 * (np.arange(WORLD.num_categories) == 3)}
    before, after = (judge.view(each).engagement for each in (seen, other))
    changed = np.abs(after - before).max(axis=0) > 0
    assert changed[WORLD.catalogue.topic == 3].all()
    assert not changed[WORLD.catalogue.topic != 3].any()


def test_editorials_wear_as_little_as_the_shop_counts():
    np.testing.assert_array_equal(np.unique(BURDEN), np.float32([WORLD.config.wear.editorial, 1.0]))
    state, offers = WORLD.reset(np.arange(2, dtype=np.uint64)), np.flatnonzero(BURDEN == 1.0)
    before = WORLD.observe(state)["shown_lately"].copy()
    slate = np.array([offers[:3].tolist() + np.flatnonzero(BURDEN < 1.0)[:3].tolist()] * 2)
    WORLD.step(state, slate)
    faded = 2.0 ** (-(WORLD.observe(state)["clock"][:, 0]) / WORLD.config.wear.half_life)
    added = ((WORLD.observe(state)["shown_lately"] - before) / faded[:, None]).sum(axis=1)
    np.testing.assert_allclose(added, BURDEN[slate].sum(axis=1), rtol=1e-4)


def test_the_full_gap_has_a_row_for_every_part():
    short = replace(SETUP, horizon=3)
    names = [name for name, _ in KIT.gap_policies(short, Effort(4, 1), 0, lambda line: None)]
    roles = KIT.gap_roles
    assert {roles.planner, *roles.rivals, roles.top_k, roles.paced, roles.values, roles.persona} <= set(names)
    assert len(set(names)) == len(names)
