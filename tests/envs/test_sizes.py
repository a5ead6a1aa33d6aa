"""Sizes are whole numbers of any type, and Python's own from the door on."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from driftrec.envs import (
    NewsVectorEnv,
    interest_evolution_world,
    interest_exploration_world,
    long_term_satisfaction_world,
    news_world,
    sardine_world,
)
from driftrec.envs.single import RecommendationEnv
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.news_config import NewsConfig
from driftrec.simulators.newsroom import generate_news, generate_personas
from driftrec.simulators.published.recsim_interest_evolution import InterestEvolutionConfig
from driftrec.simulators.published.recsim_long_term_satisfaction import LongTermSatisfactionConfig
from driftrec.simulators.published.sardine_config import PUBLISHED, SardineConfig
from driftrec.simulators.published.sardine_items import sardine_items
from tests.same import assert_same

GENERATED: dict[str, Any] = {"embeddings": "generated"}
RECSIM = {"slate_size": 3, "num_candidates": 200, "horizon": 120}
WORLDS = {
    "News": {"slate_size": 10, "history": 120, "horizon": 120},
    "RecSim-InterestEvolution": RECSIM,
    "RecSim-InterestExploration": {**RECSIM, "history": 100},
    "RecSim-LongTermSatisfaction": RECSIM,
    **{
        f"Sardine-{name}": {"num_items": 250, "slate_size": 1 + (world.slate_size > 1) * 9, "horizon": 120, **GENERATED}
        for name, world in PUBLISHED.items()
    },
    "Sardine-SlateTopK-Bored": {"slate_size": 10, "observation": "partial", "history": 120, **GENERATED},
}
NO_SIZES = [True, np.True_, 10.0, 2.5, np.float64(10.0), "10", [10]]

every_type = pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint32, np.int64])
every_world = pytest.mark.parametrize("name", WORLDS)


def as_numpy(settings, kind):
    """``settings`` with every whole number as one of numpy's, as narrow as ``kind`` where it fits."""
    return {
        name: value if type(value) is not int else (kind if value <= np.iinfo(kind).max else np.int64)(value)
        for name, value in settings.items()
    }


@every_type
@every_world
def test_numpys_integers_make_the_same_world(name, kind):
    plain = gym.make(f"driftrec/{name}-v0", **WORLDS[name])
    other = gym.make(f"driftrec/{name}-v0", **as_numpy(WORLDS[name], kind))
    assert other.observation_space == plain.observation_space
    assert other.action_space == plain.action_space
    assert_same(other.reset(seed=7)[0], plain.reset(seed=7)[0])
    plain.action_space.seed(0)
    for _ in range(15):
        slate = plain.action_space.sample()
        (seen, reward, *_), (expected, minutes, *_) = other.step(slate), plain.step(slate)
        assert_same(seen, expected)
        assert reward == minutes
    world = other.unwrapped.world
    assert type(world.slate_size) is type(world.num_items) is type(other.unwrapped.horizon) is int


@every_type
def test_numpys_integers_make_the_same_lanes(kind):
    settings = {"num_envs": 9, "slate_size": 10, "history": 120, "horizon": 3, "autoreset_mode": "SameStep"}
    plain, other = NewsVectorEnv(**settings), NewsVectorEnv(**as_numpy(settings, kind))
    assert type(other.num_envs) is type(other.horizon) is int
    assert_same(other.reset(seed=np.uint8(250))[0], plain.reset(seed=250)[0])  # lanes 6 and up are past 255
    for step in range(5):
        slates = np.random.default_rng(step).integers(1000, size=(9, 10))
        assert_same(other.step(slates)[0], plain.step(slates)[0])


@pytest.mark.parametrize("value", NO_SIZES, ids=repr)
@pytest.mark.parametrize("make", [gym.make, gym.make_vec])
@every_world
def test_what_is_no_whole_number_is_refused_by_name(name, make, value):
    for setting in {"slate_size", "horizon", "num_candidates", "history", "num_items"} & set(WORLDS[name]):
        with pytest.raises(TypeError, match=f"{setting} is .*; it must be a whole number. Give an int"):
            make(f"driftrec/{name}-v0", **{**WORLDS[name], setting: value})


@pytest.mark.parametrize("value", NO_SIZES, ids=repr)
def test_lanes_and_horizons_of_any_world_are_whole_numbers(value):
    world = news_world()
    with pytest.raises(TypeError, match=r"num_envs is .*; it must be a whole number"):
        RecommendationVectorEnv(world, value, 10)
    for make in (lambda: RecommendationVectorEnv(world, 2, value), lambda: RecommendationEnv(world, value)):
        with pytest.raises(TypeError, match=r"horizon is .*; it must be a whole number"):
            make()


def test_sizes_below_one_are_refused():
    for make in (lambda: RecommendationVectorEnv(news_world(), 2, 0), lambda: RecommendationEnv(news_world(), 0)):
        with pytest.raises(ValueError, match="horizon is 0; it must be at least 1 step, or None for no limit"):
            make()
    with pytest.raises(ValueError, match="num_envs is -1; it must be at least 1"):
        NewsVectorEnv(-1)


@pytest.mark.parametrize("value", NO_SIZES, ids=repr)
@pytest.mark.parametrize(
    ("setting", "make"),
    [
        ("slate_size", lambda value: news_world(slate_size=value)),
        ("history", lambda value: news_world(history=value)),
        ("slate_size", lambda value: interest_evolution_world(slate_size=value)),
        ("num_candidates", lambda value: interest_exploration_world(num_candidates=value)),
        ("history", lambda value: interest_exploration_world(history=value)),
        ("num_candidates", lambda value: long_term_satisfaction_world(num_candidates=value)),
        ("slate_size", lambda value: sardine_world(slate_size=value, **GENERATED)),
        ("history", lambda value: sardine_world(history=value, **GENERATED)),
        ("num_items", sardine_items),
        ("num_items", generate_news),
        ("num_personas", generate_personas),
        ("NewsConfig.memory", lambda value: NewsConfig(memory=value)),
        ("InterestEvolutionConfig.num_topics", lambda value: InterestEvolutionConfig(num_topics=value)),
        ("LongTermSatisfactionConfig.time_budget", lambda value: LongTermSatisfactionConfig(time_budget=value)),
        ("SardineConfig.boredom_window", lambda value: SardineConfig(boredom_window=value)),
        ("SardineConfig.recent_clicks", lambda value: SardineConfig(recent_clicks=value)),
    ],
)
def test_worlds_and_their_parts_refuse_them_too(setting, make, value):
    with pytest.raises(TypeError, match=f"{setting} is .*; it must be a whole number"):
        make(value)


@pytest.mark.parametrize("kind", [np.uint8, np.int64])
def test_sizes_inside_settings_are_ints_too(kind):
    for config, changes in [
        (NewsConfig, {"memory": 120}),
        (InterestEvolutionConfig, {"num_topics": 120, "low_quality_topics": 100}),
        (SardineConfig, {"boredom_window": 120, "recent_clicks": 100, "boredom_threshold": 100}),
    ]:
        made = config(**{name: kind(value) for name, value in changes.items()})
        assert made == config(**changes)
        assert all(type(getattr(made, name)) is int for name in changes)


@pytest.mark.parametrize("make", [gym.make, gym.make_vec])
@every_world
def test_the_spec_of_a_world_made_with_numpys_numbers_survives_json(name, make):
    settings = as_numpy(WORLDS[name], np.int64)
    if name == "News":
        settings["config"] = {"memory": np.int32(20), "drift": {"walk": np.float32(0.5), "towards": np.float64(0.25)}}
    env = make(f"driftrec/{name}-v0", **settings)
    again = make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert again.observation_space == env.observation_space
    assert again.action_space == env.action_space
    if name == "News":
        assert again.unwrapped.world.config == env.unwrapped.world.config
        assert again.unwrapped.world.config.drift.walk == 0.5
