"""RecSim's environments: gymnasium's and stable-baselines3's checks, lanes, spec, ends of episodes, refusals."""

import json
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import driftrec.envs as envs
from tests.same import assert_same

IDS = [f"driftrec/RecSim-{name}-v0" for name in ("InterestEvolution", "InterestExploration", "LongTermSatisfaction")]
EVOLUTION, EXPLORATION, SATISFACTION = IDS

every_env = pytest.mark.parametrize("name", IDS)


def slates(steps, lanes=None, slate_size=2, candidates=10, seed=0):
    shape = (steps, slate_size) if lanes is None else (steps, lanes, slate_size)
    return np.random.default_rng(seed).integers(candidates, size=shape)


@every_env
def test_gymnasium_and_stable_baselines3_find_nothing_wrong(name):
    from stable_baselines3.common.env_checker import check_env as sb3_check

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gym.make(name).unwrapped)
        # it would flatten the candidates, (candidates, features), which is what the slate head must not
        warnings.filterwarnings("ignore", "Your observation candidates has an unconventional shape")
        sb3_check(gym.make(name).unwrapped)
    assert gym.make(name).unwrapped.spec.id == name


@every_env
def test_the_spec_survives_json(name):
    changes = {"num_candidates": 6, "resample_documents": False, "horizon": 20}
    if name != SATISFACTION:
        changes["choice"] = {"model": "ProportionalCascade", "min_normalizer": -1.0}
    if name == EVOLUTION:
        changes["config"] = {"time_budget": 50.0}
    env = gym.make(name, **changes)
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert json.loads(again.spec.to_json())["kwargs"] == changes
    assert_same(env.reset(seed=3)[0], again.reset(seed=3)[0])
    for slate in slates(20, candidates=6):
        assert_same(env.step(slate), again.step(slate))


ENDING_BOTH_WAYS = {
    EVOLUTION: {"horizon": 40, "config": {"time_budget": 100.0}},
    EXPLORATION: {"horizon": 30, "history": 4},
    SATISFACTION: {"horizon": 30},
}


@every_env
@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
def test_lanes_equal_single_environments_bit_for_bit(name, mode):
    lanes, settings = 5, {"slate_size": 3, **ENDING_BOTH_WAYS[name]}
    native = gym.make_vec(name, num_envs=lanes, autoreset_mode=mode, **settings)
    singles = SyncVectorEnv(
        [lambda: gym.make(name, **settings) for _ in range(lanes)], autoreset_mode=AutoresetMode(mode)
    )
    assert_same(native.reset(seed=5), singles.reset(seed=5))
    terminated = truncated = 0
    for slate in slates(120, lanes, slate_size=3):
        one, other = native.step(slate), singles.step(slate)
        assert_same(one, other)
        assert {k: v.dtype for k, v in one[0].items()} == {k: v.dtype for k, v in other[0].items()}
        terminated, truncated = terminated + one[2].sum(), truncated + one[3].sum()
    assert truncated > 3
    assert (terminated > 3) == (name == EVOLUTION)


def play(env):
    env.reset(seed=0)
    for step, slate in enumerate(slates(400), start=1):
        *_, terminated, truncated, _ = env.step(slate)
        if terminated or truncated:
            return step, terminated, truncated
    raise AssertionError("no end")


def test_episodes_end_as_published():
    steps, *ends = play(gym.make(EVOLUTION))
    assert 40 < steps < 200
    assert ends == [True, False]
    assert play(gym.make(EXPLORATION)) == (100, False, True)
    assert play(gym.make(SATISFACTION)) == (60, True, False)
    assert play(gym.make(SATISFACTION, horizon=60)) == (60, True, False)  # the budget comes first
    assert play(gym.make(SATISFACTION, horizon=59)) == (59, False, True)


@pytest.mark.parametrize(
    ("name", "settings", "error", "message"),
    [
        *[(name, {"slate_size": 1.5}, TypeError, r"slate_size is 1\.5; it must be a whole number") for name in IDS],
        *[(name, {"num_candidates": True}, TypeError, "num_candidates is True; it must be a whole") for name in IDS],
        (EXPLORATION, {"history": 2.5}, TypeError, r"history is 2\.5; it must be a whole number"),
        (EXPLORATION, {"history": 0}, ValueError, "history is 0; it must be at least 1 slate"),
        *[(name, {"horizon": 0}, ValueError, "horizon is 0; it must be at least 1") for name in IDS],
        *[(name, {"render_mode": "human"}, TypeError, "render_mode is 'human'") for name in IDS],
        (EXPLORATION, {"horizon": None}, ValueError, "No episode could ever end: horizon is None and nobody leaves"),
        (
            EVOLUTION,
            {"config": {"step_penalty": 0}, "choice": {"model": "ExponentialCascade", "attention_prob": 0}},
            ValueError,
            "No episode could ever end: horizon is None, nothing is ever clicked",
        ),
        (EVOLUTION, {"choice": {"min_normalizer": -0.5}}, ValueError, r"choice\.min_normalizer is -0\.5"),
        (EXPLORATION, {"choice": {"no_click": 1}}, ValueError, "Did you mean 'no_click_mass'"),
    ],
)
@pytest.mark.parametrize("vector", [False, True], ids=["single", "vector"])
def test_wrong_settings_are_refused(vector, name, settings, error, message):
    make = getattr(envs, f"{name.split('-')[1]}{'Vector' if vector else ''}Env")
    with pytest.raises(error, match=message):
        make(**settings)


def test_a_choice_and_a_config_reach_the_world():
    env = gym.make(EXPLORATION, choice={"no_click_mass": 4.0}, config={"topic_0": {"quality_mean": 0.5}})
    assert env.unwrapped.world.choice.no_click_mass == 4.0
    assert env.unwrapped.world.config.topic_0.quality_mean == 0.5
    assert env.unwrapped.world.config.topic_1.quality_mean == 0.2
    for name in (EVOLUTION, SATISFACTION):
        assert gym.make(name, corrected=True).unwrapped.world.slate_size == 2
    assert gym.make(EVOLUTION, corrected=True).unwrapped.world.corrected
    assert gym.make_vec(SATISFACTION, num_envs=2, corrected=True).world.config.sensitivity == 0.1
