"""What every registered world says of itself: unit, clicks, items, people and whether its episodes can end."""

from typing import Any

import gymnasium
import numpy as np
import pytest

import driftrec.envs  # noqa: F401 (registers)


def world_of(name: str) -> Any:
    env: Any = gymnasium.make(name).unwrapped
    return env.world


WORLDS = {name: world_of(name) for name in gymnasium.registry if name.startswith("driftrec/")}
UNITS = {
    **dict.fromkeys((f"driftrec/{name}-v0" for name in ("News", "NewsStream", "Music", "Video")), "minutes"),
    "driftrec/RecSim-InterestEvolution-v0": "minutes",
    "driftrec/RecSim-LongTermSatisfaction-v0": "engagement",
    "driftrec/Fitted-v0": "engagement",
    "driftrec/Shop-v0": "euros",
}


@pytest.mark.parametrize("name", WORLDS)
def test_items_are_known_in_one_way(name):
    world = WORLDS[name]
    ways = [world.catalogue is not None, world.item_features is not None, "candidates" in world.fields]
    offered = "RecSim" in name or "Stream" in name
    features = "Sardine" in name or "Fitted" in name
    assert ways == [name.count("-") == 1 and not features, features, offered]  # ours have one name, most have texts
    assert (world.personas is None) == (world.catalogue is None)
    if world.item_features is not None:
        assert world.item_features.dtype == np.float32
        assert len(world.item_features) == world.num_items


@pytest.mark.parametrize("name", WORLDS)
def test_a_world_names_its_unit_and_counts_its_clicks(name):
    world = WORLDS[name]
    assert world.unit == UNITS.get(name, "clicks")
    users = np.arange(500, dtype=np.uint64)
    state, rng, most = world.reset(users), np.random.default_rng(0), 0
    for _ in range(5):
        slates = rng.integers(world.num_items, size=(len(users), world.slate_size))
        most = max(most, int(world.step(state, slates).clicks.sum(axis=1).max()))
    assert world.one_click == (most == 1)


@pytest.mark.parametrize("name", WORLDS)
def test_a_world_says_whether_episodes_can_end(name):
    if "Sardine" not in name and "Exploration" not in name:
        return WORLDS[name].check_ends()
    with pytest.raises(ValueError, match=r"nobody leaves this world\. Set a horizon"):
        WORLDS[name].check_ends()
