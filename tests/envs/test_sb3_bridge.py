"""The bridge to stable-baselines3 says what the native environment says, in that library's words."""

import numpy as np
import pytest
from stable_baselines3 import PPO

from driftrec.envs import NewsVectorEnv
from driftrec.envs.sb3_bridge import SB3VecEnv

LANES = 6


def native():
    return NewsVectorEnv(LANES, horizon=12, autoreset_mode="SameStep", config={"comeback": {"churn_rate": 0.02}})


def slates(steps):
    return np.random.default_rng(0).integers(1000, size=(steps, LANES, 5))


@pytest.mark.parametrize("mode", ["NextStep", "Disabled"])
def test_other_autoreset_modes_are_refused(mode):
    with pytest.raises(ValueError, match=f"needs autoreset_mode='SameStep', not '{mode}'"):
        SB3VecEnv(NewsVectorEnv(2, autoreset_mode=mode))


def test_the_bridge_equals_the_native_environment():
    bridge, envs = SB3VecEnv(native()), native()
    seeds = list(range(10, 10 + LANES))
    bridge.set_seeds(seeds)
    first, expected = bridge.reset(), envs.reset(seed=seeds)[0]
    for name in expected:
        np.testing.assert_array_equal(first[name], expected[name], err_msg=name)
    returns, lengths, ends = np.zeros(LANES), np.zeros(LANES, int), set()
    for slate in slates(60):
        observation, rewards, dones, infos = bridge.step(slate)
        expected, native_rewards, terminated, truncated, info = envs.step(slate)
        for name in expected:
            np.testing.assert_array_equal(observation[name], expected[name], err_msg=name)
        np.testing.assert_array_equal(rewards, native_rewards.astype(np.float32))
        np.testing.assert_array_equal(dones, terminated | truncated)
        returns, lengths = returns + native_rewards, lengths + 1
        for lane in range(LANES):
            if not dones[lane]:
                assert infos[lane] == {}
                continue
            for name, value in info["final_obs"][lane].items():
                np.testing.assert_array_equal(infos[lane]["terminal_observation"][name], value, err_msg=name)
            assert infos[lane]["TimeLimit.truncated"] is bool(truncated[lane])
            assert infos[lane]["episode"] == {"r": returns[lane], "l": lengths[lane], "t": 0.0}
            ends.add(bool(truncated[lane]))
            returns[lane] = lengths[lane] = 0
    assert ends == {True, False}  # both ways to end were met


def test_the_terminal_observation_is_the_last_users_and_not_the_next():
    bridge = SB3VecEnv(NewsVectorEnv(2, horizon=3, autoreset_mode="SameStep", config={"comeback": {"churn_rate": 0}}))
    bridge.seed(0)
    bridge.reset()
    for slate in slates(3)[:, :2]:
        observation, _, dones, infos = bridge.step(slate)
    assert dones.all()
    for lane, info in enumerate(infos):
        np.testing.assert_array_equal(info["terminal_observation"]["shown"][-5:], slate[lane])
        assert (observation["shown"][lane] == -1).all()
        assert info["TimeLimit.truncated"] is True


def test_a_reset_in_the_middle_of_an_episode_starts_its_sums_over():
    bridge = SB3VecEnv(
        NewsVectorEnv(LANES, horizon=4, autoreset_mode="SameStep", config={"comeback": {"churn_rate": 0}})
    )
    bridge.seed(0)
    bridge.reset()
    before = sum(bridge.step(slate)[1] for slate in slates(3))
    assert (before > 0).any()  # else there was nothing to forget
    bridge.reset()
    rewards = []
    for slate in slates(4):
        _, reward, dones, infos = bridge.step(slate)
        rewards.append(reward.astype(float))
    assert dones.all()
    for lane, info in enumerate(infos):
        assert info["episode"] == {"r": pytest.approx(np.sum(rewards, axis=0)[lane]), "l": 4, "t": 0.0}


def test_a_method_is_called_once_and_every_lane_gets_its_row():
    bridge = SB3VecEnv(native())
    calls = []

    def method(factor, *, add):
        calls.append((factor, add))
        return factor * np.arange(LANES) + add

    bridge.envs.method = method
    assert bridge.env_method("method", 10, add=1) == [1, 11, 21, 31, 41, 51]
    assert bridge.env_method("method", 10, indices=[4, 2], add=0) == [40, 20]
    assert calls == [(10, 1), (10, 0)]


def test_seeding_repeats_the_same_users():
    bridge = SB3VecEnv(native())
    bridge.seed(3)
    first = bridge.reset()["persona"]
    unseeded = bridge.reset()["persona"]
    bridge.seed(3)
    np.testing.assert_array_equal(bridge.reset()["persona"], first)
    assert (unseeded != first).any()
    with pytest.raises(ValueError, match="2 seeds for 6 lanes"):
        bridge.set_seeds([1, 2])


def test_lanes_share_one_environment():
    bridge = SB3VecEnv(native())
    assert bridge.get_attr("horizon", [0, 2]) == [12, 12]
    assert bridge.env_is_wrapped(object) == [False] * LANES
    with pytest.raises(NotImplementedError, match="'horizon' cannot be set lane by lane"):
        bridge.set_attr("horizon", 3)
    with pytest.raises(RuntimeError, match="before step_async"):
        bridge.step_wait()


def test_stock_policies_take_the_observations():
    """An observation named like a method of torch's ModuleDict, such as "items", cannot be taken."""
    venv = SB3VecEnv(NewsVectorEnv(2, autoreset_mode="SameStep", history=5, horizon=4))
    model = PPO("MultiInputPolicy", venv, n_steps=4, batch_size=8, n_epochs=1, device="cpu", seed=0)
    model.learn(8)
    actions, _ = model.predict(venv.reset(), deterministic=True)
    assert actions.shape == (2, 5)
