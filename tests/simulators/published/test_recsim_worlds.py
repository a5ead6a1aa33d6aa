"""What all of RecSim's worlds keep of the contract: batches, copies, ranges, candidates, settings, refusals."""

import copy
import itertools

import numpy as np
import pytest

from driftrec.simulators.noise import user_seeds
from driftrec.simulators.published.recsim_interest_evolution import InterestEvolutionWorld
from driftrec.simulators.published.recsim_interest_exploration import InterestExplorationWorld
from driftrec.simulators.published.recsim_long_term_satisfaction import LongTermSatisfactionWorld
from tests.same import assert_same
from tests.simulators.lives import nested, one_by_one, trajectory

WORLDS = [InterestEvolutionWorld, InterestExplorationWorld, LongTermSatisfactionWorld]
USERS, STEPS = 60, 110
SEEDS = user_seeds(0, "test", USERS)

every_world = pytest.mark.parametrize("make", WORLDS, ids=lambda make: make.__name__)


def random_slates(world, steps=STEPS, users=USERS):
    return np.random.default_rng(7).integers(world.num_items, size=(steps, users, world.slate_size))


def lives(world, seeds, slates):
    return trajectory(world, seeds, slates, lambda state: {"expected": world.expected_engagement(state)})


SHAPES = [{}, {"slate_size": 3, "num_candidates": 7}, {"resample_documents": False}]


@every_world
@pytest.mark.parametrize("arguments", SHAPES, ids=str)
def test_a_user_lives_the_same_life_alone_and_in_any_batch(make, arguments):
    world = make(**arguments)
    slates = random_slates(world)
    batch = lives(world, SEEDS, slates)
    for user in (0, 17, USERS - 1):
        alone = lives(world, SEEDS[user : user + 1], slates[:, user : user + 1])
        assert_same(alone, {name: value[:, user : user + 1] for name, value in batch.items()})
    order = np.random.default_rng(0).permutation(USERS)
    assert_same(lives(world, SEEDS[order], slates[:, order]), {name: v[:, order] for name, v in batch.items()})


@every_world
def test_observations_stay_in_their_ranges(make):
    world = make(slate_size=3)
    state = world.reset(SEEDS)
    for slate in random_slates(world):
        for name, value in world.observe(state).items():
            field = world.fields[name]
            assert value.shape == (USERS, *field.shape), name
            assert value.dtype == field.dtype, name
            assert value.flags.c_contiguous, name
            assert field.low <= value.min() <= value.max() <= field.high, name
        world.step(state, slate)


@every_world
@pytest.mark.parametrize("look", ["observe", "reveal"])
def test_what_is_returned_are_copies(make, look):
    world = make()
    state = world.reset(SEEDS)
    slates = random_slates(world)
    world.step(state, slates[0])
    first = getattr(world, look)(state)
    kept = copy.deepcopy(first)
    for value in first.values():
        value[...] = 1
    assert_same(getattr(world, look)(state), kept)
    second = getattr(world, look)(state)
    kept = copy.deepcopy(second)
    world.step(state, slates[1])
    assert_same(second, kept)


@every_world
def test_feedback_is_the_callers_to_keep(make):
    world, twin_world = make(), make()
    state, twin = world.reset(SEEDS), twin_world.reset(SEEDS)
    for slate in random_slates(world, steps=5):
        feedback = world.step(state, slate)
        twin_world.step(twin, slate)
        for value in feedback.as_info().values():
            value[...] = 1
        assert_same(world.observe(state), twin_world.observe(twin))


@every_world
def test_looking_ahead_touches_neither_state_nor_noise(make):
    world = make()
    state, twin = world.reset(SEEDS), world.reset(SEEDS)
    for slate in random_slates(world, steps=20):
        assert world.expected_engagement(state).shape == (USERS, world.num_items)
        if hasattr(world, "appraise"):
            world.appraise(state)
        assert_same(world.step(state, slate).as_info(), world.step(twin, slate).as_info())
        assert_same(world.observe(state), world.observe(twin))


@every_world
def test_candidates_are_fresh_in_every_step_or_stay(make):
    for resample in (True, False):
        world = make(resample_documents=resample)
        state = world.reset(SEEDS)
        seen = [world.observe(state)["candidates"]]
        for slate in random_slates(world, steps=10):
            world.step(state, slate)
            seen.append(world.observe(state)["candidates"])
        changed = [(one != other).any(axis=(1, 2)) for one, other in itertools.pairwise(seen)]
        assert np.mean(changed) == resample


@every_world
def test_the_same_users_meet_the_same_candidates_whatever_is_shown(make):
    world = make()
    state, other = world.reset(SEEDS), world.reset(SEEDS)
    for slate in random_slates(world, steps=20):
        world.step(state, slate)
        world.step(other, (slate + 1) % world.num_items)
        np.testing.assert_array_equal(world.observe(state)["candidates"], world.observe(other)["candidates"])


@pytest.mark.parametrize("make", [InterestEvolutionWorld, LongTermSatisfactionWorld])
def test_those_who_have_left_see_nothing_and_change_no_more(make):
    world = make(config={"time_budget": 3})
    state = world.reset(SEEDS)
    slates = random_slates(world)
    gone = np.zeros(USERS, bool)
    for slate in slates[:6]:
        gone |= world.step(state, slate).left
    assert gone.mean() > 0.5
    before = {**world.reveal(state), "candidates": world.observe(state)["candidates"]}
    for slate in slates[6:20]:
        feedback = world.step(state, slate).as_info()
        for name, value in feedback.items():
            assert not value[gone].any(), name
        seen = world.observe(state)
        assert not seen["clicked"][gone].any()
        assert (seen.get("cluster", np.full((USERS, 1), -1))[gone] == -1).all()
        for name, value in {**world.reveal(state), "candidates": seen["candidates"]}.items():
            np.testing.assert_array_equal(value[gone], before[name][gone], err_msg=name)


SETTINGS = [(make, *pair) for make in WORLDS for pair in one_by_one(make().config)]


@pytest.mark.parametrize(("make", "path", "value"), SETTINGS, ids=str)
def test_every_setting_is_alive(make, path, value):
    change = value + 4 if isinstance(value, int) else 0.75 * value + 0.01 * (value == 0)
    slates = random_slates(make(), steps=60)
    one, other = (lives(make(config=config), SEEDS, slates) for config in ({}, nested(path, change)))
    assert any((one[name] != other[name]).any() for name in ("clicks", "engagement", "left", "expected")), path


@pytest.mark.parametrize(
    ("make", "arguments", "error", "message"),
    [
        *[(make, {"slate_size": 0}, ValueError, "slate_size is 0; it must be at least 1") for make in WORLDS],
        *[(make, {"num_candidates": 0}, ValueError, "num_candidates is 0; it must be at least 1") for make in WORLDS],
        *[(make, {"resample_documents": 1}, TypeError, "resample_documents is 1; it must be True") for make in WORLDS],
        *[(make, {"config": 3}, TypeError, "config is 3; it must be a mapping") for make in WORLDS],
        (InterestEvolutionWorld, {"corrected": "yes"}, TypeError, "corrected is 'yes'; it must be True or False"),
        (InterestEvolutionWorld, {"config": {"budget": 1}}, ValueError, r"config\.budget is not a setting"),
        (InterestEvolutionWorld, {"config": {"num_topics": 1}}, ValueError, "num_topics is 1; it must be between 2"),
        (InterestEvolutionWorld, {"config": {"num_topics": 9}}, ValueError, "low_quality_topics is 14; .* 1 and 8"),
        (InterestEvolutionWorld, {"config": {"step_penalty": -1}}, ValueError, "step_penalty is -1"),
        (InterestExplorationWorld, {"config": {"topic_0": {"quality_mean": 3}}}, ValueError, "quality_mean is 3"),
        (InterestExplorationWorld, {"config": {"topic_2": {}}}, ValueError, r"topic_2 is not a setting\. Did you mean"),
        (LongTermSatisfactionWorld, {"config": {"memory_discount": 1}}, ValueError, "memory_discount is 1"),
        (LongTermSatisfactionWorld, {"config": {"time_budget": 2.5}}, ValueError, "time_budget is 2.5; .* whole"),
    ],
)
def test_bad_arguments_are_refused(make, arguments, error, message):
    with pytest.raises(error, match=message):
        make(**arguments)


def test_a_slate_may_be_larger_than_the_candidates():
    world = InterestEvolutionWorld(slate_size=4, num_candidates=2)
    assert world.step(world.reset(SEEDS), np.tile([0, 1, 0, 1], (USERS, 1))).clicks.any()
