"""SARDINE's worlds: references, the planner's weights, items, and the steps that training takes."""

import json

import numpy as np
import pytest

from driftrec.agents.encoders.feature_encoders import PastSlates, UserVector
from driftrec.agents.oracles.sardine_oracles import GreedyOracle
from driftrec.agents.oracles.sardine_planner import TUNED, QuotaPlanner
from driftrec.agents.registry import builders
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.worlds.kits import KITS, kit_of
from driftrec.agents.worlds.sardine import FEW, SLATES

BORED = "driftrec/Sardine-SlateTopK-Bored-v0"


@pytest.mark.parametrize("name", TUNED)
def test_references_are_those_of_the_world(name):
    setup = set_up(WorldArgs(f"driftrec/Sardine-{name}-v0"))
    policies = builders(setup).policies
    assert type(policies["myopic-oracle"](setup.context)) is GreedyOracle
    assert type(policies["planner"](setup.context)) is QuotaPlanner


@pytest.mark.parametrize("world", TUNED)
def test_the_planner_has_the_weights_tuned_for_its_world(world):
    setup = set_up(WorldArgs(f"driftrec/Sardine-{world}-v0", horizon=7))
    planner = builders(setup).policies["planner"](setup.context)
    assert (planner.weights, planner.horizon) == (TUNED[world], 7)


def test_a_catalogues_features_stand_in_for_embeddings():
    setup = set_up(WorldArgs("driftrec/Sardine-SlateRerank-Bored-v0"))
    assert np.array_equal(setup.context.item_embeddings, setup.world.item_features)
    np.testing.assert_allclose(np.linalg.norm(setup.context.item_embeddings, axis=1), 1.0, rtol=1e-6)  # for diversity


@pytest.mark.parametrize(("observation", "reader"), [("ideal", UserVector), ("partial", PastSlates)])
def test_past_slates_are_read_where_the_state_is_not_seen(observation, reader):
    setup = set_up(WorldArgs(BORED, options=json.dumps({"observation": observation})))
    assert type(kit_of(setup).judge(setup, {}, 0).ranker.encoder) is reader


def test_worlds_of_ten_from_all_items_are_trained_apart_from_those_of_few():
    told = {name: KITS[f"driftrec/Sardine-{name}-v0"].settings for name in TUNED}
    assert all((told[name] is SLATES) == name.startswith("SlateTopK") for name in told)
    assert FEW.ppo != SLATES.ppo


def test_at_most_half_a_million_steps_where_so_many_are_allowed():
    settings = KITS[BORED].settings
    whole_rollouts = -(-settings.ppo.total_steps // (settings.ppo.lanes * settings.ppo.rollout))
    logged = settings.fit.lanes * settings.fit.log_steps * settings.fit.rounds
    assert not any(settings.future.weights)  # no steps of weighing
    assert logged + whole_rollouts * settings.ppo.lanes * settings.ppo.rollout <= 500_000


def test_it_is_noted_when_items_are_not_the_published_ones():
    told = set_up(WorldArgs("driftrec/Sardine-SingleItem-Static-v0", options='{"embeddings": "generated"}'))
    assert json.loads(told.args.options) == {"embeddings": "generated"}
    assert kit_of(told).note(told).startswith("Items are generated; published figures are of those in sardine-rec")
    left = set_up(WorldArgs("driftrec/Sardine-SingleItem-Static-v0"))
    assert json.loads(left.args.options) == {"embeddings": left.world.items.source}
    assert (kit_of(left).note(left) == "") == (left.world.items.source == "packaged")
