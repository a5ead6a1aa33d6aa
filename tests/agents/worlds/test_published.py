"""Policies by name on all eleven worlds: they serve, oracles are told apart, references are those of the world."""

import numpy as np
import pytest

from driftrec.agents.comparison.comparison import build_entries, compare
from driftrec.agents.evaluation.mean_engagement import mean_engagement
from driftrec.agents.known_policies import BASELINES as ON_NEWS
from driftrec.agents.known_policies import baselines, known_policies, open_world
from driftrec.agents.oracles import MyopicOracle
from driftrec.agents.oracles.recsim import BudgetPlanner
from driftrec.agents.oracles.sardine import GreedyOracle
from driftrec.agents.oracles.sardine_planner import TUNED, QuotaPlanner
from driftrec.agents.oracles.top import TopTrue
from driftrec.agents.policy import Oracle
from driftrec.agents.setup import NEWS, WorldArgs
from driftrec.agents.worlds.published import BASELINES, known
from driftrec.agents.worlds.published_setup import PublishedSetup, set_up_published
from driftrec.agents.worlds.recipes import RECIPES

QUALITY = ("driftrec/RecSim-InterestEvolution-v0", "driftrec/RecSim-InterestExploration-v0")
LONG_TERM = "driftrec/RecSim-LongTermSatisfaction-v0"
USERS = 12


def names(world):
    return (*BASELINES, *(["quality"] if world in QUALITY else []), *(["bayes"] if world == QUALITY[1] else []))


@pytest.mark.parametrize("world", RECIPES)
def test_every_name_serves_in_a_comparison(world):
    setup = open_world(WorldArgs(world, horizon=4))
    assert isinstance(setup, PublishedSetup)
    assert set(known(setup).policies) == set(names(world))
    assert baselines(world) == BASELINES
    entries = build_entries(setup, names(world), seed=1)
    told = ["myopic-oracle", "planner", *(["quality"] if world == QUALITY[0] else [])]  # the other world shows quality
    assert [entry.label for entry in entries if entry.oracle] == told
    results = compare(setup, entries, users=USERS, seed=1, baseline="random")
    summary = results.summary
    assert list(summary["policies"]) == list(names(world))
    title = summary["world"].removesuffix(", embeddings generated")  # without sardine-rec
    assert (title, summary["unit"]) == (f"{world}, horizon 4", setup.world.unit)
    assert len(results.episodes) == USERS * len(names(world))
    assert results.episodes.engagement.map(np.isfinite).all()


@pytest.mark.parametrize("world", RECIPES)
def test_a_users_slates_do_not_depend_on_how_many_are_served(world, shown):
    setup = set_up_published(WorldArgs(world, horizon=10))
    for name, make in known(setup).policies.items():
        few, many = (shown(setup.world, make(setup.context), users) for users in (5, 40))
        np.testing.assert_array_equal(few, many[:, :5], err_msg=name)


@pytest.mark.parametrize("world", RECIPES)
def test_who_knows_the_truth_earns_more_than_chance(world):
    """On the same 500 users over ten steps; least on SlateRerank-Bored, which myopia bores: 1.08 times, 0.02 the error.

    Tried: fails on the worlds concerned with the sign of the scores flipped in ``best_first`` or in ``TopTrue``.
    """
    setup = set_up_published(WorldArgs(world, horizon=10))
    users, policies = np.arange(500, dtype=np.uint64), known(setup).policies
    random, told = (
        mean_engagement(setup.world, policies[name](setup.context), users, 10) for name in ("random", "myopic-oracle")
    )
    assert told > 1.03 * random


KINDS = {
    "driftrec/RecSim-InterestEvolution-v0": (MyopicOracle, BudgetPlanner),
    "driftrec/RecSim-InterestExploration-v0": (MyopicOracle, MyopicOracle),  # the next step is all there is
    **{f"driftrec/Sardine-{name}-v0": (GreedyOracle, QuotaPlanner) for name in TUNED},
}


@pytest.mark.parametrize("world", KINDS)
def test_references_are_those_of_the_world(world):
    setup = set_up_published(WorldArgs(world))
    policies = known(setup).policies
    myopic, planner = KINDS[world]
    assert type(policies["myopic-oracle"](setup.context)) is myopic
    assert type(policies["planner"](setup.context)) is planner


@pytest.mark.parametrize("world", TUNED)
def test_the_planner_has_the_weights_tuned_for_its_world(world):
    setup = set_up_published(WorldArgs(f"driftrec/Sardine-{world}-v0", horizon=7))
    planner = known(setup).policies["planner"](setup.context)
    assert (planner.weights, planner.horizon) == (TUNED[world], 7)


@pytest.mark.parametrize(
    ("args", "planned"),
    [
        (WorldArgs(LONG_TERM), "most"),
        (WorldArgs(LONG_TERM, options='{"corrected": true}'), "least"),
        (WorldArgs(LONG_TERM, config='{"sensitivity": 0.06}'), "most"),
        (WorldArgs(LONG_TERM, config='{"sensitivity": 0.08}'), "least"),
    ],
)
def test_where_satisfaction_matters_the_planner_shows_least_clickbait(args, planned):
    setup = set_up_published(args)
    state = setup.world.reset(np.arange(20, dtype=np.uint64))
    seen = setup.world.observe(state)
    clickbait = seen["candidates"][..., 0]
    extreme = {"most": clickbait.argmax(axis=1), "least": clickbait.argmin(axis=1)}
    for name, expected in (("myopic-oracle", "most"), ("planner", planned)):
        policy = known(setup).policies[name](setup.context)
        policy.reset(20, 0)
        policy.see(state)
        assert policy.act(seen)[:, 0].tolist() == extreme[expected].tolist(), name


def test_the_planner_turns_to_clickbait_when_it_is_too_late_to_matter():
    """16.9 more than least clickbait to the end, over 2,000 users; standard error 0.3."""
    setup = set_up_published(WorldArgs(LONG_TERM, options='{"corrected": true}'))
    world, users = setup.world, np.arange(2000, dtype=np.uint64)
    planner = known(setup).policies["planner"](setup.context)
    least = TopTrue(world.slate_size, lambda state: -world.expected_engagement(state))
    gain = mean_engagement(world, planner, users, 60) - mean_engagement(world, least, users, 60)
    assert gain > 14.0
    state = world.reset(users[:20])
    clickbait = world.observe(state)["candidates"][..., 0]
    for left, extreme in ((4, clickbait.argmin(axis=1)), (3, clickbait.argmax(axis=1))):
        state.budget[:] = left
        planner.see(state)
        assert planner.act(world.observe(state))[:, 0].tolist() == extreme.tolist()


def test_quality_is_seen_where_the_world_shows_it():
    setup = set_up_published(WorldArgs(QUALITY[1]))
    state = setup.world.reset(np.arange(20, dtype=np.uint64))
    policy = known(setup).policies["quality"](setup.context)
    assert policy.act(setup.world.observe(state)).tolist() == np.argsort(-state.quality)[:, :2].tolist()


def test_quality_goes_by_quality():
    setup = set_up_published(WorldArgs(QUALITY[0]))
    state = setup.world.reset(np.arange(20, dtype=np.uint64))
    policy = known(setup).policies["quality"](setup.context)
    assert isinstance(policy, Oracle)
    policy.see(state)
    assert policy.act(setup.world.observe(state)).tolist() == np.argsort(-state.quality)[:, :2].tolist()


@pytest.mark.parametrize(
    ("world", "name", "message"),
    [
        ("driftrec/Sardine-SlateTopK-Bored-v0", "quality", "Unknown policy 'quality'.*Known: "),
        ("driftrec/Sardine-SlateTopK-Bored-v0", "planer", "Unknown policy 'planer'. Did you mean 'planner'"),
        (QUALITY[0], "linucb", "Unknown policy 'linucb'"),
        (QUALITY[0], "ppo", "Policy 'ppo' needs an argument: write ppo:ARGUMENT"),
        (QUALITY[0], "planner:x", "Policy 'planner' takes no argument"),
    ],
)
def test_other_names_are_refused(world, name, message):
    with pytest.raises(ValueError, match=message):
        build_entries(set_up_published(WorldArgs(world)), (name,), seed=1)


def test_a_run_that_is_not_there_is_refused():
    setup = set_up_published(WorldArgs(QUALITY[0]))
    for name in ("myopic", "farsighted", "ppo", "ppo-sampled"):
        with pytest.raises(FileNotFoundError, match="There is no checkpoint at nowhere"):
            build_entries(setup, (f"{name}:nowhere",), seed=1)


def test_news_keeps_its_own_names(make_setup):
    assert baselines(NEWS) == ON_NEWS
    setup = make_setup()
    policies = known_policies(setup, 0, print)
    assert set(ON_NEWS) <= set(policies.policies)
    assert "quality" not in policies.policies


def test_each_kind_of_setup_refuses_the_other():
    with pytest.raises(ValueError, match="has texts; call set_up"):
        set_up_published(WorldArgs(NEWS))


def test_where_candidates_come_with_the_request_nothing_is_known_of_them_before():
    context = set_up_published(WorldArgs(QUALITY[0])).context
    assert (context.num_items, context.slate_size) == (10, 2)
    assert np.isnan(context.item_embeddings).all()


def test_a_catalogues_features_stand_in_for_embeddings():
    setup = set_up_published(WorldArgs("driftrec/Sardine-SlateRerank-Bored-v0"))
    assert np.array_equal(setup.context.item_embeddings, setup.world.item_features)
    np.testing.assert_allclose(np.linalg.norm(setup.context.item_embeddings, axis=1), 1.0, rtol=1e-6)  # for diversity
