"""The planner of a round shows what is on offer alone, and earns more than chance by it."""

import numpy as np
import pytest

from driftrec.agents.baselines import Random
from driftrec.agents.catalogues.setting import Setting
from driftrec.agents.rounds.oracle import planner_of
from driftrec.agents.rounds.plan import Deployment
from driftrec.agents.rounds.serving import held_out_engagement
from driftrec.agents.setup import Setup, WorldArgs
from driftrec.simulators.moving.moves import Moves
from tests.agents.rounds.toy_rounds import toy_plan
from tests.simulators.moving.worlds import WORLDS

USERS = np.arange(24, dtype=np.uint64)


@pytest.mark.parametrize(("name", "horizon"), [("Video", 80), ("Music", 80), ("Shop", 100)])
def test_the_planner_keeps_to_the_offer(name, horizon):
    """A slate with anything else would be refused, as positions in the narrowed world, on purpose, were."""
    world = WORLDS[name.lower()]()
    items, people = (np.ones((n, 1), np.float32) for n in (world.num_items, world.personas.num_personas))
    setting = Setting(world.catalogue, world.personas, items, people, "made up")
    setup = Setup(WorldArgs(f"driftrec/{name}-v0"), world, horizon, setting)
    place = Deployment(toy_plan(moves=Moves(offered=0.4)), setup)
    there = place.there(2)
    planner, chance = (
        held_out_engagement(there.world, policy, USERS, 12, seed=0, name="it").mean()
        for policy in (planner_of(place, 2), Random(there.context))
    )
    assert planner > chance
