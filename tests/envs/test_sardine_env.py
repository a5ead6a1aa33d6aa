"""SARDINE's environments: parameters, item source, ends, refusals."""

import gymnasium as gym
import numpy as np
import pytest

import driftrec.envs  # noqa: F401  registers the environments
from driftrec.envs import SardineEnv, SardineVectorEnv, sardine_world

SIZES = {  # items, slate, horizon: worlds.md 3.1
    "SingleItem-Static": (1000, 1, 100),
    "SingleItem-BoredInf": (1000, 1, 100),
    "SingleItem-Uncertain": (1000, 1, 100),
    "SlateTopK-Bored": (1000, 10, 100),
    "SlateTopK-BoredInf": (1000, 10, 100),
    "SlateTopK-Uncertain": (1000, 10, 100),
    "SlateRerank-Static": (10, 10, 10),
    "SlateRerank-Bored": (10, 10, 10),
}
PARAMETERS = {  # offset, slope, omega, boredom threshold, click propensity: worlds.md 3.1
    "SingleItem-Static": (0.65, 100, 1.0, 11, 0.85),
    "SingleItem-BoredInf": (0.65, 100, 0.95, 5, 0.85),
    "SingleItem-Uncertain": (0.65, 10, 1.0, 11, 0.85),
    "SlateTopK-Bored": (0.65, 100, 1.0, 5, 0.85),
    "SlateTopK-BoredInf": (0.65, 100, 0.95, 5, 0.85),
    "SlateTopK-Uncertain": (0.65, 10, 0.95, 5, 0.85),
    "SlateRerank-Static": (0.3, 5, 1.0, 11, 0.7),
    "SlateRerank-Bored": (0.3, 5, 1.0, 4, 0.7),
}
GENERATED = {"embeddings": "generated"}


def env_id(name):
    return f"driftrec/Sardine-{name}-v0"


def slates(steps, *shape, items=1000, seed=0):
    return np.random.default_rng(seed).integers(items, size=(steps, *shape))


@pytest.mark.parametrize("name", SIZES)
def test_the_published_worlds_are_registered_with_their_parameters(name):
    env = gym.make(env_id(name), **GENERATED).unwrapped
    config = env.world.config
    assert (env.world.num_items, env.world.slate_size, env.horizon) == SIZES[name]
    found = (config.offset, config.slope, config.omega, config.boredom_threshold, config.click_propensity)
    assert found == PARAMETERS[name]
    assert gym.make_vec(env_id(name), num_envs=2, **GENERATED).world.config == config


def test_a_change_of_one_setting_keeps_the_worlds_others():
    config = gym.make(env_id("SlateTopK-Uncertain"), config={"alpha": 0.5}, **GENERATED).unwrapped.world.config
    assert (config.alpha, config.slope, config.omega) == (0.5, 10.0, 0.95)


def test_lanes_that_end_apart_equal_single_environments():
    """Masked resets set the lanes' clocks apart; afterwards single lanes, not all, begin anew."""
    envs = SardineVectorEnv(4, horizon=5, **GENERATED)
    envs.reset(seed=0)
    for slate in slates(2, 4, 10):
        envs.step(slate)
    mask = np.array([True, False, True, False])
    _, info = envs.reset(options={"reset_mask": mask})
    np.testing.assert_array_equal(info["_item_source"], mask)
    told = [envs.step(slate)[4].get("_item_source", np.zeros(4, bool)) for slate in slates(6, 4, 10)]
    np.testing.assert_array_equal(told, [[False] * 4] * 3 + [~mask] + [[False] * 4] + [mask])


def test_the_item_source_is_told_at_the_reset():
    env, envs = SardineEnv(**GENERATED), SardineVectorEnv(3, **GENERATED)
    assert env.reset(seed=0)[1]["item_source"] == "generated"
    assert "item_source" not in env.step(slates(1, 10)[0])[4]
    info = envs.reset(seed=0)[1]
    assert info["item_source"].tolist() == ["generated"] * 3
    assert info["_item_source"].all()
    assert "item_source" not in envs.step(slates(1, 3, 10)[0])[4]


@pytest.mark.parametrize("name", ["SingleItem-Static", "SlateRerank-Bored"])
def test_the_time_limit_truncates_and_never_terminates(name):
    items, size, horizon = SIZES[name]
    env = gym.make(env_id(name), **GENERATED)
    env.reset(seed=0)
    ends = [env.step(slate)[2:4] for slate in slates(horizon, size, items=items)]
    assert ends == [(False, False)] * (horizon - 1) + [(False, True)]


@pytest.mark.parametrize("make", [SardineEnv, SardineVectorEnv])
@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"world": "SlateTopK-Bord"}, ValueError, "Did you mean 'SlateTopK-Bored'"),
        ({"num_items": 0}, ValueError, "num_items is 0; it must be at least 1"),
        ({"num_items": 2.5}, TypeError, r"num_items is 2\.5; it must be a whole number"),
        ({"num_items": 9}, ValueError, "slate_size is 10; it must be at least 1 and at most the 9 items"),
        ({"slate_size": 0}, ValueError, "slate_size is 0"),
        ({"slate_size": 1.5}, TypeError, r"slate_size is 1\.5; it must be a whole number"),
        ({"horizon": 0}, ValueError, "horizon is 0; it must be at least 1 step"),
        ({"horizon": 1.5}, TypeError, r"horizon is 1\.5; it must be a whole number"),
        ({"observation": "full"}, ValueError, "observation is 'full'; it must be 'ideal' or 'partial'"),
        ({"observation": "partial", "history": 0}, ValueError, "history is 0; it must be at least 1 slate"),
        ({"history": 1.5}, TypeError, r"history is 1\.5; it must be a whole number"),
        ({"embeddings": "package"}, ValueError, "Did you mean 'packaged'"),
        ({"config": {"omgea": 1}}, ValueError, r"config\.omgea is not a setting\. Did you mean 'omega'"),
        ({"config": {"boredom_reduce_rate": 0.0}}, ValueError, "is not a setting"),  # swallowed by the original
        ({"render_mode": "human"}, TypeError, "render_mode is 'human'"),
    ],
)
def test_wrong_settings_are_refused(make, settings, error, message):
    with pytest.raises(error, match=message):
        make(**{**GENERATED, **settings})


def test_the_oracles_placeholders_of_the_original_are_no_actions():
    env = SardineEnv(**GENERATED)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="item -1 does not exist"):
        env.step([-1] * 10)


def test_sizes_can_be_changed():
    env = gym.make(env_id("SlateTopK-Bored"), num_items=50, slate_size=3, horizon=4, observation="partial", history=2)
    observation, info = env.reset(seed=0)
    assert env.action_space == gym.spaces.MultiDiscrete([50] * 3)
    assert observation["shown"].shape == (6,)
    assert info["item_source"] == "generated"


def test_the_world_of_the_environment_is_at_hand():
    assert sardine_world("SlateRerank-Bored", **GENERATED).item_features.shape == (10, 10)
