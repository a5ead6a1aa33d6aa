"""What holds of environments for any seeds, slates, horizons and actions."""

import pickle

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from hypothesis import given
from hypothesis import strategies as st

from driftrec.envs import NewsEnv
from driftrec.envs.vector import RecommendationVectorEnv
from tests.same import assert_same

seeds = st.integers(0, 2**31 - 1)
ENV = NewsEnv(slate_size=3, history=4, horizon=6)


def slate_of(rng):
    return rng.integers(ENV.world.num_items, size=3)


@given(seed=seeds, lanes=st.integers(1, 4), draw=seeds)
def test_every_lane_is_the_single_environment_of_its_seed(seed, lanes, draw):
    rng = np.random.default_rng(draw)
    slates = rng.integers(ENV.world.num_items, size=(4, lanes, 3))
    many = RecommendationVectorEnv(ENV.world, lanes, 6, AutoresetMode.SAME_STEP)
    first, _ = many.reset(seed=seed)
    steps = [many.step(slate)[:4] for slate in slates]
    for lane in range(lanes):
        alone, _ = ENV.reset(seed=seed + lane)
        assert_same({name: values[lane] for name, values in first.items()}, alone)
        for slate, (observation, *told) in zip(slates[:, lane], steps, strict=True):
            seen, *scalars, _ = ENV.step(slate)
            if any(scalars[1:]):  # the lane has a new user now
                break
            assert_same({name: values[lane] for name, values in observation.items()}, seen)
            assert [value[lane] for value in told] == scalars


@given(
    seed=seeds,
    action=st.one_of(
        st.lists(st.integers(-5, 2000), max_size=5),
        st.lists(st.floats(), min_size=3, max_size=3),
        st.integers(),
        st.text(max_size=3),
        st.none(),
    ),
    draw=seeds,
)
def test_what_is_no_slate_is_refused_and_leaves_the_user_as_he_was(seed, action, draw):
    if isinstance(action, list) and len(action) == 3 and all(type(one) is int and 0 <= one < 1000 for one in action):
        return
    slate = slate_of(np.random.default_rng(draw))
    ENV.reset(seed=seed)
    wanted = ENV.step(slate)
    ENV.reset(seed=seed)
    with pytest.raises((ValueError, TypeError, OverflowError)):
        ENV.step(action)
    assert_same(ENV.step(slate), wanted)


@given(seed=seeds, draw=seeds)
def test_a_pickled_environment_goes_on_alike(seed, draw):
    rng = np.random.default_rng(draw)
    ENV.reset(seed=seed)
    if ENV.step(slate_of(rng))[2]:
        return
    twin = pickle.loads(pickle.dumps(ENV))
    slate = slate_of(rng)
    assert_same(twin.step(slate), ENV.step(slate))


@given(seed=seeds, horizon=st.integers(1, 5), draw=seeds)
def test_an_episode_ends_once_at_the_horizon_or_when_the_user_leaves(seed, horizon, draw):
    rng = np.random.default_rng(draw)
    env = RecommendationVectorEnv(ENV.world, 2, horizon, AutoresetMode.DISABLED)
    env.reset(seed=seed)
    for step in range(1, horizon + 1):
        _, _, left, cut, _ = env.step(np.stack([slate_of(rng), slate_of(rng)]))
        assert not (left & cut).any()
        assert (cut == (step == horizon) & ~left).all()
        if left.any():
            return


@given(seed=seeds, draw=seeds)
def test_a_seed_repeats_an_episode(seed, draw):
    slates = [slate_of(np.random.default_rng([draw, step])) for step in range(3)]

    def life():
        yield ENV.reset(seed=seed)
        for slate in slates:
            yield (step := ENV.step(slate))
            if step[2]:
                return

    assert_same(list(life()), list(life()))
