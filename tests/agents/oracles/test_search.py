"""The cross-entropy search: finds what earns most, tries the start first, repeats, and reports."""

import numpy as np

from driftrec.agents.oracles.search import Budget, search_weights
from driftrec.simulators import noise
from driftrec.simulators.plain import PlainWorld
from driftrec.simulators.world import Feedback, Field


class Hill(PlainWorld):
    """A hundred items, of which the nearer to 70 the better."""

    num_items, slate_size = 100, 1
    item_features = np.zeros((100, 1), np.float32)
    fields = {"user": Field((1,), np.float32, 0, 1)}  # noqa: RUF012

    def reset(self, seeds):
        return noise.stream_keys(seeds)

    def step(self, state, slates):
        earned = (100 - np.abs(slates - 70)).astype(np.float32)
        return Feedback.without_sessions(earned > 0, earned, np.zeros(len(slates), np.bool_))

    def observe(self, state):
        return {"user": np.zeros((len(state), 1), np.float32)}


class Always:
    """One item for everybody."""

    def __init__(self, vector):
        self.item = int(np.clip(vector[0], 0, 99))

    def reset(self, num_users, seed):
        self.users = num_users

    def act(self, observation):
        return np.full((self.users, 1), self.item)


BUDGET = Budget(users=2, rounds=8, samples=12)


def found(start=10.0, spread=40.0, budget=BUDGET, report=lambda line: None):
    return search_weights(Hill(), Always, np.array([start]), np.array([spread]), 3, budget, report)


def test_it_climbs_and_says_so():
    lines = []
    best, earned = found(report=lines.append)
    assert abs(best[0] - 70.5) < 3
    assert earned == 3 * (100 - abs(int(best[0]) - 70))
    assert [line.split(":")[0] for line in lines] == [f"round {i} of 8" for i in range(1, 9)]


def test_it_is_never_below_its_start():
    assert found(start=70.0, spread=1e6, budget=Budget(users=2, rounds=1, samples=4))[1] == 300


def test_a_spread_of_nothing_keeps_what_is_there():
    assert found(start=40.0, spread=0.0)[0].tolist() == [40.0]


def test_the_same_seed_finds_the_same():
    assert found() == found()
