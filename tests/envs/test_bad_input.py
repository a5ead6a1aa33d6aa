"""What the environments refuse, single and many: slates, settings and rewards that are not right."""

import dataclasses
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from driftrec.envs import NewsEnv, NewsVectorEnv, news_world
from driftrec.envs.single import RecommendationEnv
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.news import NewsWorld
from driftrec.simulators.world import Feedback

GOOD = np.arange(15).reshape(3, 5)


def changed(lane, position, item):
    slates = GOOD.copy()
    slates[lane, position] = item
    return slates


@pytest.mark.parametrize(
    ("slates", "error", "message"),
    [
        (GOOD[:, :4], ValueError, r"have shape \(3, 4\); expected \(users, slate_size\) = \(3, 5\)"),
        (GOOD[:2], ValueError, r"have shape \(2, 5\); expected \(users, slate_size\) = \(3, 5\)"),
        (GOOD[0], ValueError, r"have shape \(5,\)"),
        (np.zeros((3, 5, 1), int), ValueError, r"have shape \(3, 5, 1\)"),
        ([[1, 2, 3, 4, 5], [1], [2]], ValueError, r"Slates are no array \(users, slate_size\) = \(3, 5\)"),
        (changed(2, 4, 1000), ValueError, "User 2, position 4: item 1000 does not exist; items are 0 to 999"),
        (changed(1, 0, -1), ValueError, "User 1, position 0: item -1 does not exist"),
        (changed(1, 0, 2**40), ValueError, "User 1, position 0: item 1099511627776 does not exist"),
        (np.full((3, 5), np.nan), TypeError, "must be integers .* not float64"),
        (GOOD.astype(np.float32), TypeError, r"not float32; convert with \.astype\(int\)"),
        (GOOD > 3, TypeError, "not bool"),
        (GOOD.astype(str), TypeError, "must be integers"),
        (None, TypeError, "must be integers .* not object"),
    ],
)
def test_wrong_slates_are_refused_and_change_nothing(slates, error, message):
    envs, twin = NewsVectorEnv(3), NewsVectorEnv(3)
    envs.reset(seed=0)
    twin.reset(seed=0)
    with pytest.raises(error, match=message):
        envs.step(slates)
    after, expected = envs.step(GOOD), twin.step(GOOD)
    for name in expected[0]:
        np.testing.assert_array_equal(after[0][name], expected[0][name], err_msg=name)
    np.testing.assert_array_equal(after[1], expected[1])


@pytest.mark.parametrize("make", [NewsEnv, NewsVectorEnv])
@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (
            {"horizon": None, "config": {"comeback": {"churn_rate": 0.0}}},
            ValueError,
            r"horizon is None, .* Return\(.*churn_rate=0.0\)",
        ),
        ({"horizon": None, "config": {"comeback": {"churn_rate": 1e-60}}}, ValueError, "churn_rate=1e-60"),
        (
            {"horizon": None, "config": {"session_end": {"base": -40.0, "tired": 0.0}}},
            ValueError,
            r"no session ends with session_end SessionEnd\(base=-40.0, .*tired=0.0\). Set a horizon",
        ),
        ({"horizon": None, "config": {"comeback": {"churn_rate": 1e-10}}}, ValueError, "churn_rate=1e-10"),
        ({"catalogue": Path("items")}, TypeError, r"catalogue is .*Path\('items'\); give the folder as a string, str"),
        ({"horizon": 2.5}, TypeError, r"horizon is 2\.5; it must be a whole number"),
        ({"horizon": "200"}, TypeError, "horizon is '200'; it must be a whole number"),
        ({"horizon": True}, TypeError, "horizon is True"),
        ({"horizon": -3}, ValueError, "horizon is -3; it must be at least 1 step, or None"),
        ({"slate_size": 5.0}, TypeError, r"slate_size is 5\.0; it must be a whole number"),
        ({"slate_size": 0}, ValueError, "slate_size is 0; it must be at least 1 and at most the 1000 items"),
        ({"slate_size": 1001}, ValueError, "Choose a smaller slate or a larger catalogue"),
        ({"history": None}, TypeError, "history is None; it must be a whole number"),
        ({"config": []}, TypeError, r"config is \[\]; it must be a mapping"),
        ({"config": {"comeback": {"churn_rat": 1}}}, ValueError, r"config\.comeback\.churn_rat .* mean 'churn_rate'"),
        ({"config": {"comeback": {"churn_rate": float("nan")}}}, ValueError, "churn_rate is nan; it must be finite"),
        ({"slates": 5}, TypeError, "unexpected keyword argument 'slates'"),
    ],
)
def test_wrong_settings_are_refused(make, settings, error, message):
    with pytest.raises(error, match=message):
        make(**settings)


@pytest.mark.parametrize("session_end", [{"base": -40.0, "tired": 1.0}, {"base": -10.0, "tired": 0.0}])
def test_rare_ends_of_sessions_are_no_reason_to_refuse(session_end):
    assert NewsEnv(horizon=None, config={"session_end": session_end}).horizon is None


@pytest.mark.parametrize("session_end", [{"base": -40.0, "tired": 20.0}, {"base": -5.0, "tired": 0.0}])
def test_sessions_that_end_at_last_end_the_episode(session_end):
    env = NewsEnv(horizon=None, config={"session_end": session_end, "comeback": {"churn_rate": 1000.0}})
    env.reset(seed=0)
    ends = (env.step((np.arange(5) + 5 * step) % 1000)[2:4] for step in range(5000))
    assert [next(ends) for _ in range(20)] == [(False, False)] * 20
    assert next(end for end in ends if any(end)) == (True, False)


def test_without_a_horizon_churn_ends_the_episode():
    env = NewsEnv(horizon=None, config={"comeback": {"churn_rate": 1.0}})
    env.reset(seed=0)
    ends = (env.step(np.arange(5))[2:4] for _ in range(1000))
    assert next(end for end in ends if any(end)) == (True, False)


def test_an_unknown_world_is_refused_with_the_nearest():
    for make in (gym.make, gym.make_vec):
        with pytest.raises(gym.error.Error, match="News"):
            make("driftrec/New-v0")


class Overflowing(NewsWorld):
    """A world whose engagement is no number from the third step on."""

    value = np.nan

    def step(self, state, slates) -> Feedback:
        feedback = super().step(state, slates)
        if state.step[0] > 2:
            feedback.engagement[-1, 1] = self.value
        return feedback


@pytest.fixture(params=[np.nan, np.inf, -np.inf])
def overflowing(request):
    source = news_world()
    world = Overflowing(source.catalogue, source.personas)
    world.value = request.param
    return world


def test_rewards_that_are_no_numbers_are_refused_in_one_environment(overflowing):
    env = RecommendationEnv(overflowing, horizon=9)
    env.reset(seed=0)
    for _ in range(2):
        env.step(GOOD[0])
    with pytest.raises(ValueError, match=rf"User 0 has the reward {overflowing.value}; rewards must be finite"):
        env.step(GOOD[0])


def test_rewards_that_are_no_numbers_are_refused_in_many(overflowing):
    envs = RecommendationVectorEnv(overflowing, 3, horizon=9)
    envs.reset(seed=0)
    for _ in range(2):
        envs.step(GOOD)
    with pytest.raises(ValueError, match=rf"User 2 has the reward {overflowing.value}; .* catalogue \(minutes\)"):
        envs.step(GOOD)


def test_a_catalogue_too_small_for_the_default_slate():
    world = news_world()
    names = ("ids", "titles", "texts", "subtopics", "topic", "latent", "quality", "allure", "minutes")
    four = dataclasses.replace(world.catalogue, **{name: getattr(world.catalogue, name)[:4] for name in names})
    with pytest.raises(ValueError, match="slate_size is 5; it must be at least 1 and at most the 4 items"):
        NewsWorld(four, world.personas)
    assert NewsWorld(four, world.personas, slate_size=4).num_items == 4
