"""The bridge under stable-baselines3's wrappers, which it says it is a monitor of, and over gymnasium's."""

import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers.vector import RecordEpisodeStatistics, TransformAction, TransformReward
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import EvalCallback
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecCheckNan, VecFrameStack, VecMonitor, VecNormalize

from driftrec.envs import NewsEnv, NewsVectorEnv, SardineVectorEnv
from driftrec.envs.sb3_bridge import SB3VecEnv

LANES, EPISODES = 3, 6
SETTINGS = {"slate_size": 2, "history": 6, "horizon": 12, "config": {"comeback": {"churn_rate": 0.02}}}


def lanes():
    return SB3VecEnv(NewsVectorEnv(LANES, autoreset_mode="SameStep", **SETTINGS))


def normalised(envs):
    return VecNormalize(envs, norm_obs=False)


def stacked(envs):
    return VecFrameStack(envs, 2)


def warmed_up(envs, seed=5):
    """``envs`` with running means that tell raw rewards from normalised ones, at the users of ``seed``."""
    envs.reset()
    for step in range(30):
        envs.step(np.random.default_rng(step).integers(1000, size=(LANES, 2)))
    envs.seed(seed)
    return envs


class Fixed:
    """A policy that goes through the catalogue, so that all orders of wrappers see the same slates."""

    def predict(self, observation, state=None, **_):
        step = 0 if state is None else state
        return (np.arange(LANES * 2).reshape(LANES, 2) + 31 * step) % 1000, step + 1


def returns(envs):
    return evaluate_policy(Fixed(), envs, EPISODES, return_episode_rewards=True)


ORDERS = {
    "normalise": normalised,
    "stack": stacked,
    "normalise(stack)": lambda envs: normalised(stacked(envs)),
    "stack(normalise)": lambda envs: stacked(normalised(envs)),
    "normalise(normalise)": lambda envs: normalised(normalised(envs)),
    "check(normalise)": lambda envs: VecCheckNan(normalised(envs)),
    "normalise observations": lambda envs: VecNormalize(envs, norm_obs_keys=["engagement", "clock"]),
}


@pytest.mark.parametrize("wrap", ORDERS.values(), ids=ORDERS)
def test_raw_returns_are_reported_under_every_order_of_wrappers(wrap):
    expected = returns(warmed_up(lanes()))
    assert max(expected[0]) > 1.0  # minutes
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # that there is no monitor
        measured = returns(warmed_up(wrap(lanes())))
    assert measured == expected


def test_raw_returns_are_reported_with_a_monitor_inside():
    with pytest.warns(UserWarning, match="already wrapped with a `Monitor`"):
        envs = normalised(VecMonitor(lanes()))
    expected, measured = returns(warmed_up(lanes())), returns(warmed_up(envs))
    np.testing.assert_allclose(measured[0], expected[0], rtol=1e-6)  # VecMonitor sums in float32
    assert measured[1] == expected[1]


def test_a_monitor_outside_measures_what_it_sees_as_it_does_on_any_monitored_lanes():
    stock = DummyVecEnv([lambda: Monitor(NewsEnv(**SETTINGS)) for _ in range(LANES)])
    for envs in (lanes(), stock):
        with pytest.warns(UserWarning, match="already wrapped with a `Monitor`"):
            outside = VecMonitor(normalised(envs))
        assert max(returns(warmed_up(outside))[0]) < max(returns(warmed_up(lanes()))[0]) * 0.99


def test_the_callback_for_evaluation_reports_raw_returns():
    settings = {"n_steps": 8, "batch_size": 8, "n_epochs": 1, "learning_rate": 0.0, "device": "cpu", "seed": 0}
    model = PPO("MultiInputPolicy", normalised(lanes()), **settings)
    evaluated = warmed_up(normalised(lanes()))
    callback = EvalCallback(evaluated, n_eval_episodes=EPISODES, eval_freq=8, verbose=0, warn=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.learn(24, callback=callback)
    raw = lanes()
    raw.seed(5)
    assert callback.last_mean_reward == evaluate_policy(model, raw, EPISODES)[0]


def test_it_says_truly_what_is_around_the_lanes():
    bridge = lanes()
    assert bridge.env_is_wrapped(Monitor) == [True] * LANES
    assert bridge.env_is_wrapped(TransformReward, [1]) == [False]
    envs = TransformReward(NewsVectorEnv(2, autoreset_mode="SameStep"), lambda reward: reward)
    wrapped = SB3VecEnv(RecordEpisodeStatistics(envs))
    assert wrapped.env_is_wrapped(TransformReward) == wrapped.env_is_wrapped(RecordEpisodeStatistics) == [True] * 2
    assert wrapped.env_is_wrapped(TransformAction) == [False] * 2
    assert wrapped.get_attr("horizon") == [200] * 2
    assert wrapped.get_attr("episode_count", [0]) == [0]  # of the wrapper
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        wrapped.get_attr("nonsense")


def one_item_lanes(mode="SameStep"):
    envs = SardineVectorEnv(LANES, "SingleItem-BoredInf", embeddings="generated", horizon=4, autoreset_mode=mode)
    return TransformAction(
        envs,
        lambda items: np.asarray(items)[:, None],
        single_action_space=gym.spaces.Discrete(1000),
        action_space=gym.spaces.MultiDiscrete([1000] * LANES),
    )


@pytest.mark.parametrize("mode", ["NextStep", "Disabled"])
def test_other_autoreset_modes_are_refused_behind_wrappers_too(mode):
    with pytest.raises(ValueError, match=f"needs autoreset_mode='SameStep', not '{mode}'"):
        SB3VecEnv(one_item_lanes(mode))


def test_lanes_behind_a_wrapper_keep_their_seeds_and_infos():
    bridge, envs = SB3VecEnv(one_item_lanes()), one_item_lanes().unwrapped
    assert bridge.action_space == gym.spaces.Discrete(1000)
    bridge.set_seeds([11, 5, 7])
    np.testing.assert_array_equal(bridge.reset()["user"], envs.reset(seed=[11, 5, 7])[0]["user"])
    for step in range(9):
        items = np.random.default_rng(step).integers(1000, size=LANES)
        observation, rewards, dones, infos = bridge.step(items)
        expected, clicks, _, truncated, info = envs.step(items[:, None])
        np.testing.assert_array_equal(observation["user"], expected["user"])
        np.testing.assert_array_equal(rewards, clicks)
        np.testing.assert_array_equal(dones, truncated)
        for lane in np.flatnonzero(dones):
            last = infos[lane]["terminal_observation"]["user"]
            np.testing.assert_array_equal(last, info["final_obs"][lane]["user"])
            assert infos[lane]["episode"]["l"] == 4


def test_gymnasiums_own_lanes_are_the_same_users():
    singles = SyncVectorEnv([lambda: NewsEnv(**SETTINGS) for _ in range(LANES)], autoreset_mode=AutoresetMode.SAME_STEP)
    one, other = SB3VecEnv(singles), lanes()
    one.seed(3)
    other.seed(3)
    one.reset()
    other.reset()
    for step in range(30):
        slates = np.random.default_rng(step).integers(1000, size=(LANES, 2))
        (seen, rewards, dones, infos), expected = one.step(slates), other.step(slates)
        for name, value in seen.items():
            np.testing.assert_array_equal(value, expected[0][name])
        np.testing.assert_array_equal(rewards, expected[1])
        np.testing.assert_array_equal(dones, expected[2])
        assert [info.get("episode") for info in infos] == [info.get("episode") for info in expected[3]]
