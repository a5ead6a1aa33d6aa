"""Interest exploration with the responses to more slates than the last: the window, newcomers, batches, refusals."""

import copy

import numpy as np
import pytest

from driftrec.simulators.noise import user_seeds
from driftrec.simulators.published.recsim_interest_exploration import InterestExplorationWorld
from driftrec.simulators.world import put


def begin(users, **arguments):
    world = InterestExplorationWorld(**arguments)
    return world, world.reset(user_seeds(0, "test", users))


PAST = ("clicked", "quality", "cluster")


def last_slates(seen, history):
    """The last ``history`` of the responses ``seen``, by position, oldest first; nothing before the first slate."""
    blank = {"clicked": 0, "quality": 0.0, "cluster": -1}
    padded = {name: [np.full_like(seen[0][name], blank[name])] * history + [r[name] for r in seen] for name in PAST}
    return {name: np.concatenate(rows[-history:], axis=1) for name, rows in padded.items()}


@pytest.mark.parametrize("history", [2, 3, 7])
def test_a_window_holds_the_responses_that_were_observed_one_by_one(history):
    """30 steps move the window through its buffer several times."""
    published, state = begin(users=20)
    world, twin = begin(users=20, history=history)
    seen = [published.observe(state)]
    for slates in np.random.default_rng(0).integers(10, size=(30, 20, 2)):
        published.step(state, slates)
        world.step(twin, slates)
        seen.append(published.observe(state))
        observation = world.observe(twin)
        np.testing.assert_array_equal(observation["candidates"], seen[-1]["candidates"])
        for name, value in last_slates(seen, history).items():
            np.testing.assert_array_equal(observation[name], value, err_msg=name)
            assert observation[name].dtype == value.dtype == world.fields[name].dtype
            assert observation[name].shape[1:] == world.fields[name].shape == (2 * history,)


def test_one_slate_of_the_past_is_the_published_observation():
    world, state = begin(users=5)
    assert (world.history_length, list(world.observe(state))) == (1, ["candidates", *PAST])
    assert all(world.fields[name].shape == (2,) for name in PAST)


@pytest.mark.parametrize("steps", [0, 2, 11])
def test_newcomers_bring_an_empty_past_and_leave_that_of_others_alone(steps):
    """Windows of both stand at other places of their buffers, wherever the newcomers' stand."""
    world, state = begin(users=6, history=3)
    for _ in range(steps):
        world.step(state, np.tile([0, 1], (6, 1)))
    before = world.observe(state)
    fresh = world.reset(user_seeds(1, "test", 2))
    world.step(fresh, np.tile([2, 3], (2, 1)))
    arrived = world.observe(fresh)
    put(state, np.array([4, 1]), fresh)
    after = world.observe(state)
    for name in before:
        np.testing.assert_array_equal(after[name][[0, 2, 3, 5]], before[name][[0, 2, 3, 5]], err_msg=name)
        np.testing.assert_array_equal(after[name][[4, 1]], arrived[name], err_msg=name)
    world.step(state, np.tile([0, 1], (6, 1)))
    assert (world.observe(state)["cluster"][[4, 1], :2] == -1).all()  # two slates have been, of three
    for name in PAST:
        np.testing.assert_array_equal(world.observe(state)[name][[4, 1], 2:4], arrived[name][:, 4:], err_msg=name)


def test_there_must_be_a_past():
    with pytest.raises(ValueError, match="history is 0; it must be at least 1 slate"):
        InterestExplorationWorld(history=0)


def test_a_user_is_observed_the_same_alone_and_in_a_batch():
    world, state = begin(users=5, history=4)
    alone = world.reset(user_seeds(0, "test", 5)[3:4])
    for slates in np.random.default_rng(0).integers(10, size=(25, 5, 2)):
        world.step(state, slates)
        world.step(alone, slates[3:4])
        batch = world.observe(state)
        for name, value in world.observe(alone).items():
            np.testing.assert_array_equal(value[0], batch[name][3], err_msg=name)


def test_the_window_is_copied_out():
    world, state = begin(users=3, history=3)
    world.step(state, np.tile([0, 1], (3, 1)))
    first = world.observe(state)
    kept = copy.deepcopy(first)
    for value in first.values():
        value[...] = 1
    second = world.observe(state)
    world.step(state, np.tile([2, 3], (3, 1)))
    for name in kept:
        np.testing.assert_array_equal(second[name], kept[name], err_msg=name)
