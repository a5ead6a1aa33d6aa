"""RecSim's environments: ends of episodes, refusals."""

import gymnasium as gym
import numpy as np
import pytest

import driftrec.envs as envs

IDS = [f"driftrec/RecSim-{name}-v0" for name in ("InterestEvolution", "InterestExploration", "LongTermSatisfaction")]
EVOLUTION, EXPLORATION, SATISFACTION = IDS


def play(env):
    env.reset(seed=0)
    for step, slate in enumerate(np.random.default_rng(0).integers(10, size=(400, 2)), start=1):
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
