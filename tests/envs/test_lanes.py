"""Lanes take the settings of the single environment, which alone states them."""

import copy
import inspect
import pickle
import re

import gymnasium as gym
import pytest

import driftrec.envs as envs

NAMES = ("News", "Video", "Music", "InterestEvolution", "InterestExploration", "LongTermSatisfaction", "Sardine")
OWN = {"num_envs": 1, "autoreset_mode": gym.vector.AutoresetMode.NEXT_STEP, "max_episode_steps": None}

every_pair = pytest.mark.parametrize(
    ("single", "lanes"), [(getattr(envs, f"{name}Env"), getattr(envs, f"{name}VectorEnv")) for name in NAMES]
)


def defaults(made):
    return {name: parameter.default for name, parameter in inspect.signature(made).parameters.items()}


@every_pair
def test_the_signature_shows_the_settings(single, lanes):
    assert defaults(lanes) == {**defaults(single), **OWN}
    assert list(defaults(lanes))[:2] == ["num_envs", next(iter(defaults(single)))]


@every_pair
def test_an_unknown_setting_is_refused_with_the_nearest(single, lanes):
    message = f"{lanes.__name__} got an unexpected keyword argument 'slatesize'. Did you mean 'slate_size'? Known: "
    with pytest.raises(TypeError, match=re.escape(message)):
        lanes(2, slatesize=3)
    with pytest.raises(TypeError, match="unexpected keyword argument 'slatesize'"):
        single(slatesize=3)


@every_pair
def test_settings_and_horizon_are_those_of_the_single_environment(single, lanes):
    few = lanes(2, slate_size=3, horizon=4)
    assert (few.num_envs, few.world.slate_size, few.horizon) == (2, 3, 4)
    assert (lanes().horizon, lanes().world.slate_size) == (single().horizon, single().world.slate_size)


@every_pair
def test_copies_live_the_same_life(single, lanes):
    few = lanes(3, slate_size=1)
    few.action_space.seed(0)
    slates = few.action_space.sample()
    rewards = few.reset(seed=1) and few.step(slates)[1]
    for copied in (pickle.loads(pickle.dumps(few)), copy.deepcopy(few)):
        copied.reset(seed=1)
        assert copied.step(slates)[1].tolist() == rewards.tolist()


def test_settings_may_stand_in_their_order():
    lanes = envs.SardineVectorEnv(2, "SlateRerank-Bored", 10, 4, embeddings="generated")
    assert (lanes.num_envs, lanes.world.num_items, lanes.world.slate_size, lanes.horizon) == (2, 10, 4, 10)
    with pytest.raises(TypeError, match="too many positional arguments"):
        envs.NewsVectorEnv(2, None, 5, 50, 200, None, "ansi")  # no render mode by the back door
    with pytest.raises(TypeError, match="multiple values for argument 'catalogue'"):
        envs.NewsVectorEnv(2, None, catalogue=None)


def test_worlds_are_those_of_the_environments():
    assert envs.news_world(slate_size=3).slate_size == 3
    with pytest.raises(TypeError, match="unexpected keyword argument 'slates'"):
        envs.news_world(slates=3)
    with pytest.raises(TypeError, match="multiple values for keyword argument 'horizon'"):
        envs.news_world(horizon=3)
