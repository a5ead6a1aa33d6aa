"""Pages of a feed by the true state: what each weight does, and that who knows and plans earns more."""

from dataclasses import replace

import numpy as np
import pytest

from driftrec.agents.baselines.nonpersonalised import Random
from driftrec.agents.evaluation.play import mean_engagement
from driftrec.agents.scenarios.feed_pages import FeedPages, FeedWeights, Insight, as_known
from driftrec.agents.scenarios.feed_rivals import (
    BEST_CONSTANTS,
    CONSTANTS,
    PLANNER,
    RIVALS,
    tune_rivals,
    with_those_before,
)
from driftrec.agents.scenarios.feed_values import STATE_AWARE, page_features, values_from_logs
from driftrec.agents.setup import context_of
from driftrec.envs.video import video_world
from driftrec.simulators.noise import user_seeds

USERS = 40


@pytest.fixture(scope="module")
def world():
    return video_world()


@pytest.fixture
def state(world):
    """Users after twenty random pages."""
    state, rng = world.reset(np.arange(USERS, dtype=np.uint64)), np.random.default_rng(0)
    for _ in range(20):
        world.step(state, rng.integers(world.num_items, size=(USERS, world.slate_size)))
    return state


def shown(world, state, weights=None, **how):
    policy = FeedPages(world, weights, **how)
    policy.see(state)
    return policy.act({})


def test_the_myopic_page_earns_most_of_single_swaps(world, state):
    """Expected minutes of a page, worked out item by item, are not raised by showing another item at the end."""
    page = shown(world, state)[:5]
    view = world.appraise(state)
    topic, appeal = world.catalogue.topic, world.config.appeal

    def earned(user, items):
        total, taken = 0.0, np.zeros(world.num_topics)
        for k, item in enumerate(items):
            utility = view.utility[user, item] - appeal.takeaway * taken[topic[item]]
            chance = appeal.chance(np.float32(utility), state.satisfaction[user], k)
            total += chance * view.minutes[user, item]
            taken[topic[item]] += chance
        return total

    for user in range(5):
        best = earned(user, page[user])
        others = [i for i in range(0, world.num_items, 7) if i not in page[user]]
        assert all(earned(user, [*page[user][:-1], other]) <= best + 1e-4 for other in others)


def test_pages_hold_no_item_twice_and_nothing_opened_before(world, state):
    for joint in (True, False):
        page = shown(world, state, joint=joint)
        assert all(len(set(row)) == world.slate_size for row in page.tolist())
        assert not np.take_along_axis(state.seen, page, axis=1).any()


@pytest.mark.parametrize(
    ("weight", "value", "measured", "rises"),
    [
        ("quality", 3.0, "quality", True),
        ("allure", -3.0, "allure", False),
        ("diversity", 3.0, "topics", True),
        ("bar", 3.0, "room", True),
        ("annoyance", 30.0, "annoy", False),
        ("worth", 20.0, "worth", True),
        ("growth", 20.0, "growth", True),
    ],
)
def test_every_weight_turns_pages_its_way(world, state, weight, value, measured, rises):
    def measure(page):
        catalogue, users = world.catalogue, np.arange(USERS)[:, None]
        topics = catalogue.topic[page]
        return {
            "quality": lambda: catalogue.quality[page],
            "allure": lambda: catalogue.allure[page],
            "topics": lambda: [len(set(row)) for row in topics.tolist()],
            "room": lambda: (state.threshold - state.load)[users, topics],
            "annoy": lambda: state.annoy[users, topics],
            "worth": lambda: np.take_along_axis(world.appraise(state).worth, page, axis=1),
            "growth": lambda: (state.potential - state.taste)[users, topics],
        }[measured]()

    base = FeedWeights(annoyance=0.001) if weight == "annoyance" else FeedWeights()
    before, after = (np.mean(measure(shown(world, state, x))) for x in (base, replace(base, **{weight: value})))
    assert (after > before) == rises


def test_a_users_page_does_not_depend_on_who_else_is_there(world, state):
    from driftrec.simulators.world import part

    every = shown(world, state, FeedWeights(bar=1.0, growth=0.5))
    few = shown(world, part(state, slice(3, 9)), FeedWeights(bar=1.0, growth=0.5))
    np.testing.assert_array_equal(every[3:9], few)


def test_who_knows_the_persona_alone_knows_nothing_of_the_user(world, state):
    known = as_known(world, state, Insight.PERSONA)
    same = state.persona == state.persona[0]
    assert (known.taste[same] == known.taste[0]).all()
    assert not known.load.any()
    assert np.unique(as_known(world, state, Insight.USUAL_PACE).threshold).tolist() == [5.0]
    assert as_known(world, state, Insight.ALL) is state


def test_features_of_a_page_are_what_pages_weigh(world, state):
    page = shown(world, state)
    none, every = (page_features(world, state, page, np.full(page.shape, x)) for x in (False, True))
    assert set(none) == set(STATE_AWARE)
    assert all(not values.any() for values in none.values())
    np.testing.assert_allclose(every["quality"], world.catalogue.quality[page].sum(axis=1), rtol=1e-5)
    assert every["opening"].tolist() == [10.0] * USERS


def test_values_from_logs_find_what_was_put_in():
    """Where satisfaction alone matters later, worth is what follows; logs of chance show it."""
    world = video_world(config={"regret": {"rate": 0.3}, "boredom": {"annoy": 0.0}, "habit": {"alarm": 0.05}})
    found = values_from_logs(world, Random(context_of(world)), (*CONSTANTS,), seed=0, horizon=40, users=600)
    assert found.quality > 0 > found.allure


def test_each_rival_comes_after_the_one_it_starts_from():
    assert with_those_before(RIVALS, ("planner",)) == [BEST_CONSTANTS, "paced index", PLANNER]
    names = list(RIVALS)
    assert all(rival.after is None or names.index(rival.after) < names.index(name) for name, rival in RIVALS.items())


@pytest.mark.slow
def test_planning_beats_an_index_beats_myopia_beats_chance(world):
    tuned = tune_rivals(world, RIVALS, (PLANNER,), horizon=80, users=60, rounds=2)
    users = user_seeds(5, "evaluation", 150)
    policies = [Random(context_of(world)), FeedPages(world), tuned[BEST_CONSTANTS], tuned[PLANNER]]
    earned = [mean_engagement(world, policy, users, 80) for policy in policies]
    assert earned == sorted(earned)
    assert earned[3] > 1.1 * earned[2]
