"""The planner of a round shows what is on offer alone, and earns more than chance by it."""

from dataclasses import replace

import numpy as np
import pytest

from driftrec.agents.baselines import Random
from driftrec.agents.catalogues.setting import Setting
from driftrec.agents.rounds.folder import RoundsFolder
from driftrec.agents.rounds.loop import play_rounds
from driftrec.agents.rounds.oracle import planner_of
from driftrec.agents.rounds.plan import Deployment
from driftrec.agents.rounds.serving import held_out_engagement
from driftrec.agents.setup import Setup, WorldArgs
from driftrec.agents.worlds.kits import settings_of
from driftrec.simulators.moving.moves import Moves
from driftrec.simulators.settings import updated
from tests.agents.rounds.toy_rounds import TINY, toy_plan
from tests.simulators.moving.worlds import WORLDS

USERS = np.arange(24, dtype=np.uint64)


def setup_of(name, horizon):
    world = WORLDS[name.lower()]()
    items, people = (np.ones((n, 1), np.float32) for n in (world.num_items, world.personas.num_personas))
    setting = Setting(world.catalogue, world.personas, items, people, "made up")
    args = WorldArgs(f"driftrec/{name}-v0", slate_size=world.slate_size, horizon=horizon)
    return Setup(args, world, horizon, setting)


def test_arms_learn_in_the_shop(tmp_path, monkeypatch):
    """What the kit asks of the world itself is there in a round, too."""
    monkeypatch.setattr("driftrec.agents.beliefs.fit_belief.STEPS", 2)
    setup = setup_of("Shop", 6)
    settings = updated(settings_of("driftrec/Shop-v0"), TINY)
    plan = replace(toy_plan(arms=("frozen", "ppo"), rounds=2), world=setup.args, settings=settings)
    table, _ = play_rounds(Deployment(plan, setup), RoundsFolder(tmp_path), lambda line: None)
    assert table.groupby("arm")["round"].max().to_dict() == {"frozen": 1, "ppo": 1}


@pytest.mark.parametrize(("name", "horizon"), [("Video", 80), ("Music", 80), ("Shop", 100)])
def test_the_planner_keeps_to_the_offer(name, horizon):
    """A slate with anything else would be refused, as positions in the narrowed world, on purpose, were."""
    setup = setup_of(name, horizon)
    place = Deployment(toy_plan(moves=Moves(offered=0.4)), setup)
    there = place.there(2)
    planner, chance = (
        held_out_engagement(there.world, policy, USERS, 12, seed=0, name="it").mean()
        for policy in (planner_of(place, 2), Random(there.context))
    )
    assert planner > chance
