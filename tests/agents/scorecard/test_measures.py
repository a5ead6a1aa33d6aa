"""The parts that measures are made of."""

import numpy as np
import pytest

from driftrec.agents.oracles import MyopicOracle
from driftrec.agents.policy import Oracle
from driftrec.agents.scorecard.composition import NEAR, equals
from driftrec.agents.scorecard.jump import regained
from driftrec.agents.scorecard.personal import Taken, TakenOracle
from driftrec.agents.scorecard.sitting import Sitting
from tests.agents.conftest import build_setup


def test_equals_are_near_in_rank_and_never_one_item_twice():
    draws = np.random.default_rng(0)
    item = draws.permuted(np.tile(np.arange(30), (200, 1)), axis=1)
    rank = np.argsort(item, axis=1)
    slates = item[:, [0, 1, 2, 20, 29]]  # both ends, too
    found = equals(item, rank, slates, draws)
    assert (np.diff(np.sort(found, axis=1), axis=1) > 0).all()
    ranks = np.sort(np.take_along_axis(rank, found, axis=1), axis=1)
    assert (abs(ranks - [0, 1, 2, 20, 29]) < NEAR + 2).all()  # sorted, neighbours may have changed places
    assert (ranks[:, 3] != 20).mean() > 0.5


def test_equals_come_in_random_order():
    draws = np.random.default_rng(0)
    item = np.tile(np.arange(16), (400, 1))
    found = equals(item, item, item[:, [0, 15]], draws)
    assert 0.4 < (found[:, 0] > found[:, 1]).mean() < 0.6


CURVES = {
    "at once": ([1.0, 1.0, 1.0, 1.0], 5.0),
    "after two pages": ([1.0, -1.0, 0.0, 0.9], 15.0),
    "short of nine tenths": ([1.0, -1.0, 0.0, 0.79], None),
    "just nine tenths": ([1.0, -1.0, 0.81, 0.0], 10.0),
}
"""Fit before, and page by page after; impressions, with 5 a page."""


@pytest.mark.parametrize(("fit", "impressions"), CURVES.values(), ids=CURVES)
def test_impressions_until_a_jump_is_followed(fit, impressions):
    """Fails where another part than 0.9 is enough."""
    told = regained(np.tile(np.array(fit)[:, None], (1, 1, 20)), 5, seed=0)
    assert told == dict.fromkeys(("mean", "low", "high"), impressions)


def test_where_some_users_are_never_followed_the_interval_is_open():
    fit = np.tile(np.array([1.0, -1.0, 1.0, 1.0])[:, None], (1, 1, 20))
    fit[0, 1:, :2] = -1.0  # two of twenty: their mean is 0.8 then, at the edge
    told = regained(fit, 5, seed=0)
    assert told["low"] == 10.0
    assert told["high"] is None


@pytest.mark.parametrize("before", [0.0, -1.0])
def test_what_fits_nobody_has_nothing_to_lose(before):
    assert regained(np.tile(np.array([before, 1.0])[:, None], (1, 1, 20)), 5, seed=0) is None


class Echo:
    """Notes what it is told."""

    def reset(self, num_users, seed):
        self.told = []

    def act(self, observation):
        self.told.append(observation["persona"][:, 0].tolist())
        return np.tile(np.arange(5), (len(observation["persona"]), 1))

    def update(self, observation, slates, clicks, engagement):
        self.told.append(observation["persona"][:, 0].tolist())


def test_users_are_taken_for_one_another():
    policy = Taken(Echo(), np.array([1, 2, 0]))
    policy.reset(3, 0)
    seen = {"persona": np.array([[7], [8], [9]])}
    policy.act(seen)
    policy.update(seen, None, None, None)
    assert policy._policy.told == [[8, 9, 7], [8, 9, 7]]
    assert not isinstance(policy, Oracle)


def test_an_oracle_is_told_of_the_others():
    setup = build_setup(horizon=5)
    state = setup.world.reset(np.arange(3, dtype=np.uint64))
    order = np.array([1, 2, 0])
    plain, taken = MyopicOracle(setup.world), TakenOracle(MyopicOracle(setup.world), order)
    plain.see(state)
    taken.see(state)
    assert isinstance(taken, Oracle)
    np.testing.assert_array_equal(taken.act({}), plain.act({})[order])


def test_every_user_is_taken_for_another_in_one_ring():
    sitting = Sitting(build_setup(horizon=5), Echo(), "echo", np.arange(9, dtype=np.uint64), 0, 5)
    order, at, met = sitting.order(), 0, []
    for _ in order:
        met.append(at)
        at = order[at]
    assert sorted(met) == list(range(9))
