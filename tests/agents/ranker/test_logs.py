"""Logs of a policy: what was seen, shown and read, also where one user leaves a lane and the next arrives."""

import numpy as np
import pytest

from driftrec.agents.ranker.logs import collect
from driftrec.envs import NewsEnv, NewsVectorEnv
from driftrec.simulators.noise import user_seeds

LANES, STEPS, SLATE, SEED = 5, 30, 3, 11
WORLD = {"slate_size": SLATE, "history": 7, "horizon": 9, "config": {"comeback": {"churn_rate": 0.05}}}


class ByLane:
    """Shows items by lane and step alone, so that a single environment can be shown the same."""

    def reset(self, num_users, seed):
        self.calls = [(num_users, seed)]
        self.step = 0

    def act(self, observation):
        first = 31 * np.arange(len(observation["persona"])) + 7 * self.step
        self.step += 1
        return (first[:, None] + np.arange(SLATE)) % 1000


@pytest.fixture(scope="module")
def logs():
    envs = NewsVectorEnv(LANES, autoreset_mode="SameStep", **WORLD)
    policy = ByLane()
    logs = collect(envs, policy, STEPS, SEED)
    assert policy.calls == [(LANES, SEED)]
    return logs


@pytest.fixture(scope="module")
def lived():
    """The same in single environments: (observation, slate, info, over) for every lane and step."""
    rows = []
    for lane, seed in enumerate(user_seeds(SEED, "logging", LANES).tolist()):
        env = NewsEnv(**WORLD)
        observation, _ = env.reset(seed=seed)
        for step in range(STEPS):
            slate = (31 * lane + 7 * step + np.arange(SLATE)) % 1000
            after, _, terminated, truncated, info = env.step(slate)
            rows.append((lane, step, observation, slate, info, terminated, truncated))
            observation = env.reset()[0] if terminated or truncated else after
    return rows


def test_there_are_ends_of_both_kinds_and_clicks_in_last_steps(lived):
    assert any(terminated for *_, terminated, _ in lived)
    assert any(truncated for *_, truncated in lived)
    assert any(info["clicks"].any() for *_, info, terminated, truncated in lived if terminated or truncated)


def test_every_step_is_logged_as_single_environments_live_it(logs, lived):
    assert len(logs) == len(lived) == LANES * STEPS
    for lane, step, observation, slate, info, *_ in lived:
        row = step * LANES + lane
        assert logs.slates[row].tolist() == slate.tolist()
        clicked = np.flatnonzero(info["clicks"])
        assert logs.choice[row] == (clicked[0] if clicked.size else SLATE), (lane, step)
        assert logs.minutes[row] == info["engagement"].sum(), (lane, step)
        for name, value in observation.items():
            np.testing.assert_array_equal(logs.observation[name][row].numpy(), value, err_msg=f"{lane}, {step}, {name}")


def test_minutes_are_read_where_something_was_opened(logs):
    assert ((logs.minutes > 0) == (logs.choice < SLATE)).all()
