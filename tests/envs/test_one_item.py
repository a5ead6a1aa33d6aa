"""One-item worlds with Discrete actions are the same worlds."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_env_sb3

from driftrec.envs import NewsEnv, NewsVectorEnv, OneItem, OneItemLanes

WORLD = {"slate_size": 1, "horizon": 5}


def same(seen, expected):
    for name, value in expected[0].items():
        np.testing.assert_array_equal(seen[0][name], value, err_msg=name)
    for one, other in zip(seen[1:-1], expected[1:-1], strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_item_is_a_slate_of_one():
    view, env = OneItem(NewsEnv(**WORLD)), NewsEnv(**WORLD)
    assert view.action_space == spaces.Discrete(1000)
    same(view.reset(seed=2), env.reset(seed=2))
    for item in (7, 8, 9, 7):
        same(view.step(np.int64(item)), env.step(np.array([item])))


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
def test_items_are_slates_of_one(mode):
    view, envs = (
        OneItemLanes(NewsVectorEnv(3, autoreset_mode=mode, **WORLD)),
        NewsVectorEnv(3, autoreset_mode=mode, **WORLD),
    )
    assert view.action_space == spaces.MultiDiscrete([1000] * 3)
    same(view.reset(seed=2), envs.reset(seed=2))
    for items in np.random.default_rng(0).integers(1000, size=(12, 3)):
        same(view.step(items), envs.step(items[:, None]))


@pytest.mark.parametrize("make", [lambda: OneItem(NewsEnv()), lambda: OneItemLanes(NewsVectorEnv(2))])
def test_longer_slates_are_refused_with_the_remedy(make):
    with pytest.raises(
        ValueError, match="Slates have 5 positions; make the environment with slate_size=1, or use Pick"
    ):
        make()


@pytest.mark.parametrize(
    ("action", "error", "message"),
    [
        (1.0, TypeError, "must be integers"),
        (1000, ValueError, "item 1000 does not exist"),
        ([1, 2], ValueError, r"has shape \(2, 1\); expected \(slate_size,\) = \(1,\)"),
    ],
)
def test_wrong_items_are_refused(action, error, message):
    view = OneItem(NewsEnv(**WORLD))
    view.reset(seed=0)
    with pytest.raises(error, match=message):
        view.step(action)


def test_checkers_are_content_and_a_spec_makes_it_again():
    view = OneItem(gym.make("driftrec/News-v0", **WORLD))
    check_env(view, skip_render_check=True)
    check_env_sb3(view)
    assert isinstance(gym.make(view.spec), OneItem)
