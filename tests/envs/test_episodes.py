"""How long episodes are, and what specs say of it."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.wrappers import TimeLimit

import driftrec.envs  # noqa: F401 (registers the worlds)

HORIZONS = {
    "News": 200,
    "Fitted": 100,
    "RecSim-InterestEvolution": None,
    "RecSim-InterestExploration": 100,
    "RecSim-LongTermSatisfaction": None,
    "Sardine-SlateTopK-Bored": 100,
    "Sardine-SlateRerank-Static": 10,
}
every_world = pytest.mark.parametrize("name", HORIZONS)


@pytest.mark.parametrize("make", [gym.make, gym.make_vec])
@every_world
def test_the_spec_tells_the_horizon(name, make):
    identifier = f"driftrec/{name}-v0"
    assert make(identifier).spec.max_episode_steps == HORIZONS[name]
    env = make(identifier, horizon=7)
    assert env.spec.max_episode_steps == env.unwrapped.horizon == 7
    again = make(EnvSpec.from_json(env.spec.to_json()))
    assert again.spec.max_episode_steps == again.unwrapped.horizon == 7
    assert gym.spec(identifier).max_episode_steps is None  # the horizon is the environment's own, not gymnasium's


@every_world
def test_no_second_limit_is_laid_around_the_horizon(name):
    env = gym.make(f"driftrec/{name}-v0", horizon=8)
    layer = env
    while isinstance(layer, gym.Wrapper):
        assert not isinstance(layer, TimeLimit)
        layer = layer.env
    env.reset(seed=0)
    env.action_space.seed(0)
    ends = [any(env.step(env.action_space.sample())[2:4]) for _ in range(8)]
    assert ends == [False] * 7 + [True]


@every_world
def test_an_environment_made_again_is_as_long(name):
    env = gym.make(f"driftrec/{name}-v0", horizon=6)
    again = gym.make(env.spec)
    for each in (env, again):
        each.reset(seed=0)
    env.action_space.seed(0)
    for _ in range(6):
        slate = env.action_space.sample()
        one, other = env.step(slate), again.step(slate)
        assert one[1:4] == other[1:4]
    assert one[3]


@every_world
def test_another_limit_than_the_horizon_is_refused_by_lanes(name):
    identifier = f"driftrec/{name}-v0"
    message = f"max_episode_steps is 11 and the horizon {HORIZONS[name]}, but there is one limit; use horizon=11, or"
    with pytest.raises(ValueError, match=message):
        gym.make_vec(identifier, num_envs=2, max_episode_steps=11)
    envs = gym.make_vec(identifier, num_envs=2, horizon=11, max_episode_steps=11)
    assert envs.unwrapped.horizon == envs.spec.max_episode_steps == 11
    assert gym.make_vec(envs.spec).num_envs == 2
    longer = gym.make_vec(envs.spec, horizon=12, max_episode_steps=12)
    assert longer.unwrapped.horizon == longer.spec.max_episode_steps == 12


def test_gymnasiums_limit_on_one_user_is_told_as_what_it_does():
    env = gym.make("driftrec/News-v0", max_episode_steps=3)
    assert env.spec.max_episode_steps == 3
    env.reset(seed=0)
    assert [env.step(np.arange(5))[3] for _ in range(3)] == [False, False, True]
    longer = gym.make(gym.make("driftrec/News-v0", horizon=3).spec, horizon=5, max_episode_steps=-1)
    assert longer.spec.max_episode_steps == 5
    longer.reset(seed=0)
    assert [longer.step(np.arange(5))[3] for _ in range(5)] == [False] * 4 + [True]
