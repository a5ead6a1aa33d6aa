"""RecSim's worlds: their references, and what the planner does where satisfaction matters."""

import numpy as np
import pytest

from driftrec.agents.encoders.feature_encoders import PastResponses, UserVector
from driftrec.agents.evaluation.play import mean_engagement
from driftrec.agents.oracles import MyopicOracle
from driftrec.agents.oracles.recsim_oracles import BudgetPlanner, TopTrue
from driftrec.agents.policy import Oracle
from driftrec.agents.registry import builders
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.worlds.kits import kit_of

EVOLUTION = "driftrec/RecSim-InterestEvolution-v0"
EXPLORATION = "driftrec/RecSim-InterestExploration-v0"
LONG_TERM = "driftrec/RecSim-LongTermSatisfaction-v0"
KINDS = {
    EVOLUTION: (MyopicOracle, BudgetPlanner),
    EXPLORATION: (MyopicOracle, MyopicOracle),  # the next step is all there is
    LONG_TERM: (TopTrue, TopTrue),
}


@pytest.mark.parametrize("world", KINDS)
def test_references_are_those_of_the_world(world):
    setup = set_up(WorldArgs(world))
    policies = builders(setup).policies
    myopic, planner = KINDS[world]
    assert type(policies["myopic-oracle"](setup.context)) is myopic
    assert type(policies["planner"](setup.context)) is planner


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
    setup = set_up(args)
    state = setup.world.reset(np.arange(20, dtype=np.uint64))
    seen = setup.world.observe(state)
    clickbait = seen["candidates"][..., 0]
    extreme = {"most": clickbait.argmax(axis=1), "least": clickbait.argmin(axis=1)}
    for name, expected in (("myopic-oracle", "most"), ("planner", planned)):
        policy = builders(setup).policies[name](setup.context)
        policy.reset(20, 0)
        policy.see(state)
        assert policy.act(seen)[:, 0].tolist() == extreme[expected].tolist(), name


def test_the_planner_turns_to_clickbait_when_it_is_too_late_to_matter():
    """16.9 more than least clickbait to the end, over 2,000 users; standard error 0.3."""
    setup = set_up(WorldArgs(LONG_TERM, options='{"corrected": true}'))
    world, users = setup.world, np.arange(2000, dtype=np.uint64)
    planner = builders(setup).policies["planner"](setup.context)
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
    setup = set_up(WorldArgs(EXPLORATION))
    state = setup.world.reset(np.arange(20, dtype=np.uint64))
    policy = builders(setup).policies["quality"](setup.context)
    assert policy.act(setup.world.observe(state)).tolist() == np.argsort(-state.quality)[:, :2].tolist()


def test_quality_goes_by_quality():
    setup = set_up(WorldArgs(EVOLUTION))
    state = setup.world.reset(np.arange(20, dtype=np.uint64))
    policy = builders(setup).policies["quality"](setup.context)
    assert isinstance(policy, Oracle)
    policy.see(state)
    assert policy.act(setup.world.observe(state)).tolist() == np.argsort(-state.quality)[:, :2].tolist()


def test_where_candidates_come_with_the_request_nothing_is_known_of_them_before():
    context = set_up(WorldArgs(EVOLUTION)).context
    assert (context.num_items, context.slate_size) == (10, 2)
    assert np.isnan(context.item_embeddings).all()


@pytest.mark.parametrize(("history", "reader"), [(1, UserVector), (5, PastResponses)])
def test_past_responses_are_read_where_more_than_the_last_slates_are_seen(history, reader):
    setup = set_up(WorldArgs(EXPLORATION, history=history))
    assert type(kit_of(setup).judge(setup, {}, 0).ranker.encoder) is reader
