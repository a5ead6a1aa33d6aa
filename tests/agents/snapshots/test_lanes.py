"""Lanes of every world go on from a snapshot as they would have without."""

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from driftrec.agents.setup import WorldArgs, make_env
from driftrec.agents.snapshots.snapshot_file import read_snapshot, write_snapshot
from driftrec.agents.snapshots.tree import parts_of, put_back, tree_of
from driftrec.agents.worlds.kits import KITS
from driftrec.envs.vector import RecommendationVectorEnv

LANES = 3
TOYS = ["tests.toys.snacks:Snacks-v0", "tests.toys.tales:Tales-v0"]


def lanes_of(env):
    return RecommendationVectorEnv(env.world, LANES, 9, AutoresetMode.SAME_STEP)


def walk(lanes, rng, steps):
    """Rewards and observations of so many random slates."""
    world = lanes.world
    for _ in range(steps):
        slates = np.stack([rng.permutation(world.num_items)[: world.slate_size] for _ in range(LANES)])
        observation, reward, *_ = lanes.step(slates)
        yield {**observation, "reward": reward}


@pytest.mark.parametrize("world", [*KITS, *TOYS])
def test_lanes_go_on_alike(world, tmp_path):
    """With horizon 9 all lanes get a second user after the snapshot. Fails where ``_state`` is left out."""
    env = make_env(WorldArgs(world))
    lanes, rng = lanes_of(env), np.random.default_rng(0)
    lanes.reset(seed=1)
    list(walk(lanes, rng, 5))
    write_snapshot(tmp_path / "lanes.snapshot", parts_of(lanes, lanes.CHANGING))
    others = lanes_of(env)
    others.reset(seed=2)
    put_back(others, read_snapshot(tmp_path / "lanes.snapshot"))
    assert type(others._state) is type(lanes._state)
    slates = [np.random.default_rng(7) for _ in range(2)]
    for was, now in zip(walk(lanes, slates[0], 8), walk(others, slates[1], 8), strict=True):
        for name, value in was.items():
            np.testing.assert_array_equal(now[name], value, err_msg=name)


@pytest.mark.parametrize("value", [np.random.default_rng(0), print, np, lambda: 0, {1, 2}, [{"a": object()}]])
def test_what_cannot_be_kept_is_refused(value):
    with pytest.raises(TypeError, match="cannot be kept; let states be dataclasses of arrays and numbers"):
        tree_of(value)
