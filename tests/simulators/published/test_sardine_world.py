"""SARDINE's world as a world: first slates, observations, the same life in any batch, copies. Needs no sardine-rec."""

import copy

import numpy as np
import pytest

from driftrec.envs.sardine import sardine_world
from driftrec.simulators.published.sardine import SardineWorld
from driftrec.simulators.published.sardine_items import generate_items
from driftrec.simulators.published.sardine_observers import PartialState
from driftrec.simulators.world import put
from tests.same import assert_same
from tests.simulators.lives import trajectory
from tests.simulators.published.sardine_users import (
    SEEDS,
    made,
    newborn,
)


def test_the_first_slate_is_shown_logged_and_random():
    """Every item as often as another: 6,000 places for 10 items; bound: 4.5 standard errors.

    If the last item never comes (tried), it fails.
    """
    world = sardine_world("SlateRerank-Bored", observation="partial", history=2, embeddings="generated")
    seeds = np.arange(600, dtype=np.uint64)
    seen = world.observe(world.reset(seeds))
    np.testing.assert_array_equal(seen["shown"], np.hstack([np.full((600, 10), -1), world.first_slates(seeds)]))
    np.testing.assert_array_equal(seen["age"], np.repeat([[0, 1]], 10, axis=1) * np.ones((600, 1)))
    topics = np.where(seen["clicked"], world.main_topics[seen["shown"]], -1)
    logged = np.stack([np.bincount(row[row >= 0], minlength=10) for row in topics])
    np.testing.assert_allclose(seen["hist"], np.minimum(logged / 4, 1), rtol=1e-6)
    assert 0 < seen["clicked"].mean() < 1
    counts = np.bincount(world.first_slates(seeds).ravel(), minlength=10)
    assert (np.abs(counts - 600) <= 4.5 * np.sqrt(6000 * 0.1 * 0.9)).all()


def test_the_window_of_slates_moves():
    world = made(slate_size=2, observer=PartialState(3))
    state = newborn(world)
    slates = np.random.default_rng(0).integers(10, size=(40, 2))
    clicks = [world.step(state, slate[None]).clicks[0] for slate in slates]
    seen = world.observe(state)
    np.testing.assert_array_equal(seen["shown"][0], slates[-3:].ravel())
    np.testing.assert_array_equal(seen["clicked"][0], np.concatenate(clicks[-3:]))
    np.testing.assert_array_equal(seen["age"][0], [3, 3, 2, 2, 1, 1])


WORLDS = [
    ("SlateTopK-BoredInf", {}),
    ("SlateTopK-Uncertain", {"corrected": True, "observation": "partial"}),
    ("SingleItem-BoredInf", {"observation": "partial", "history": 1, "config": {"boredom_threshold": 2}}),
    ("SlateRerank-Bored", {"config": {"rel_penalty": True, "diversity_penalty": 1.5, "omega": 0.9}}),
]


@pytest.mark.parametrize(("name", "settings"), WORLDS, ids=lambda x: str(x))
def test_a_user_alone_lives_the_same_life_as_in_any_batch(name, settings):
    world = sardine_world(name, embeddings="generated", **settings)
    slates = np.random.default_rng(7).integers(world.num_items, size=(40, len(SEEDS), world.slate_size))
    batch = trajectory(world, SEEDS, slates)
    assert batch["clicks"].any()
    assert batch["bored"].any()
    for user in (0, 17, 59):
        alone = trajectory(world, SEEDS[user : user + 1], slates[:, user : user + 1])
        assert_same(alone, {key: value[:, user : user + 1] for key, value in batch.items()})
    order = np.random.default_rng(0).permutation(len(SEEDS))
    assert_same(
        trajectory(world, SEEDS[order], slates[:, order]), {key: value[:, order] for key, value in batch.items()}
    )


@pytest.mark.parametrize(("name", "settings"), WORLDS, ids=lambda x: str(x))
def test_lanes_can_be_overwritten(name, settings):
    world = sardine_world(name, embeddings="generated", **settings)
    slates = np.random.default_rng(7).integers(world.num_items, size=(12, 8, world.slate_size))
    state, fresh = world.reset(SEEDS[:8]), world.reset(SEEDS[8:10])
    for slate in slates:
        world.step(state, slate)
    put(state, np.array([2, 5]), fresh)
    for slate in slates:
        one, other = world.step(state, slate), world.step(fresh, slate[[2, 5]])
        np.testing.assert_array_equal(one.clicks[[2, 5]], other.clicks)
        assert_same(world.observe(fresh), {key: value[[2, 5]] for key, value in world.observe(state).items()})


@pytest.mark.parametrize("observation", ["ideal", "partial"])
@pytest.mark.parametrize("look", ["observe", "reveal"])
def test_what_is_returned_are_copies(look, observation):
    world = sardine_world("SlateTopK-Bored", observation=observation, embeddings="generated")
    state = world.reset(SEEDS)
    first = getattr(world, look)(state)
    kept = copy.deepcopy(first)
    for value in first.values():
        value[:] = 1
    second = getattr(world, look)(state)
    assert_same(second, kept)
    world.step(state, np.zeros((60, 10), np.int64))
    assert_same(second, kept)


def test_a_slate_must_fit_the_catalogue():
    with pytest.raises(ValueError, match="slate_size is 11; it must be at least 1 and at most the 10 items"):
        SardineWorld(generate_items(10), slate_size=11)
