"""A policy that is told the truth reads it, is marked for it, and needs nothing else."""

import numpy as np
import pytest
import torch

from driftrec.agents.encoders.true_state import TRUTH, Informed, TrueState, truth_columns
from driftrec.agents.policy import Oracle
from driftrec.agents.ranker.protocol import as_tensors
from driftrec.envs.news import news_world
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.revealed import revealed

WORLD = news_world()
TOLD = revealed(WORLD)
SEEDS = np.arange(6, dtype=np.uint64)


def after(world, steps=8):
    state = world.reset(SEEDS)
    for step in range(steps):
        world.step(state, np.random.default_rng(step).permutation(1000)[:30].reshape(6, 5))
    return state


def test_the_users_are_those_of_the_plain_world():
    plain, told = WORLD.observe(after(WORLD)), TOLD.observe(after(TOLD))
    assert set(told) - set(plain) == set(TRUTH)
    for name, value in plain.items():
        np.testing.assert_array_equal(value, told[name])


def test_the_truth_is_the_truth_and_a_copy():
    state = after(TOLD)
    seen = TOLD.observe(state)
    np.testing.assert_array_equal(seen["interest"], state.interest)
    np.testing.assert_array_equal(seen["satiation"], state.satiation)
    np.testing.assert_array_equal(seen["satisfaction"][:, 0], state.satisfaction)
    before = {name: seen[name].copy() for name in TRUTH}
    TOLD.step(state, np.arange(30).reshape(6, 5))
    for name in TRUTH:
        np.testing.assert_array_equal(seen[name], before[name])


def test_environments_hold_it_in_their_space():
    envs = RecommendationVectorEnv(TOLD, 3, horizon=4)
    observation, _ = envs.reset(seed=0)
    assert envs.observation_space.contains(observation)
    for _ in range(9):
        observation, *_ = envs.step(envs.action_space.sample())
        assert envs.observation_space.contains(observation)


@pytest.mark.parametrize("name", TRUTH)
def test_each_part_of_the_truth_moves_the_state(name):
    encoder = TrueState(truth_columns(TOLD)).eval()
    seen = TOLD.observe(after(TOLD))
    changed = {**seen, name: seen[name] * np.float32(0.5)}
    with torch.inference_mode():
        assert (encoder(as_tensors(seen)) - encoder(as_tensors(changed))).abs().max() > 1e-4


def test_nothing_but_the_truth_moves_the_state():
    encoder = TrueState(truth_columns(TOLD)).eval()
    seen = TOLD.observe(after(TOLD))
    others = {name: np.zeros_like(value) for name, value in seen.items() if name not in TRUTH}
    with torch.inference_mode():
        assert torch.equal(encoder(as_tensors(seen)), encoder(as_tensors({**seen, **others})))


class Echo:
    """Keeps what it is shown."""

    def reset(self, num_users, seed):
        self.started = (num_users, seed)

    def act(self, observation):
        self.seen = observation
        return np.tile(np.arange(5), (len(observation["persona"]), 1))


def test_an_informed_policy_is_an_oracle_that_reads_the_truth_it_is_told():
    policy = Informed(Echo(), TOLD)
    assert isinstance(policy, Oracle)
    with pytest.raises(RuntimeError, match="before see"):
        policy.act({})
    policy.reset(6, 3)
    state = after(WORLD)
    policy.see(state)
    assert policy.act(WORLD.observe(state)).shape == (6, 5)
    assert policy.policy.started == (6, 3)
    for name, value in TOLD.observe(state).items():
        np.testing.assert_array_equal(policy.policy.seen[name], value)
