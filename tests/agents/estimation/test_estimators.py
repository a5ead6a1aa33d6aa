"""Estimators against tables worked out by hand, obp's figures, and a world that is small enough to know."""

import itertools

import numpy as np
import pytest

from driftrec.agents.estimation.estimators import (
    KINDS,
    Brought,
    Chances,
    before,
    effective,
    of_episodes,
    of_slates,
    weights,
)
from driftrec.agents.estimation.intervals import intervals

REWARD = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]])
LOGGED = Chances(
    np.array([[0.5, 0.25], [0.2, 0.5], [0.4, 0.1]])[:, None], np.array([[0.5, 0.3], [0.2, 0.4], [0.4, 0.2]])[:, None]
)
TARGET = Chances(
    np.array([[0.25, 0.5], [0.6, 0.25], [0.1, 0.3]])[:, None],
    np.array([[0.25, 0.45], [0.6, 0.3], [0.1, 0.25]])[:, None],
)
"""Three slates of two positions, one a user."""
MODEL = np.array([[0.5, 0.5], [0.0, 1.0], [2.0, 1.0]])
EXPECTED = np.array([1.0, 2.0, 2.0])

WEIGHTS = {
    "slate": [[1.0, 1.0], [1.5, 1.5], [0.75, 0.75]],
    "cascade": [[0.5, 1.0], [3.0, 1.5], [0.25, 0.75]],
    "independent": [[0.5, 1.5], [3.0, 0.75], [0.25, 1.25]],
}
OBP = {"slate": 2.3333333333333326, "cascade": 1.6666666666666667, "independent": 1.3333333333333333}
"""What SlateStandardIPS, SlateRewardInteractionIPS and SlateIndependentIPS of obp 0.4.1 made of these slates."""

BY_HAND = {  # snips: sum_k (sum_i w_k r_k / sum_i w_k); dr: mean of expected + sum_k w_k (r_k - m_k)
    ("slate", "snips"): (1.0 + 0.75 * 3) / 3.25 + (1.5 * 2 + 0.75) / 3.25,
    ("cascade", "snips"): (0.5 + 0.25 * 3) / 3.75 + (1.5 * 2 + 0.75) / 3.25,
    ("independent", "snips"): (0.5 + 0.25 * 3) / 3.75 + (0.75 * 2 + 1.25) / 3.5,
    ("slate", "dr"): (1.0 + 0.5 - 0.5 + 2.0 + 1.5 + 2.0 + 0.75) / 3,
    ("cascade", "dr"): (1.0 + 0.25 - 0.5 + 2.0 + 1.5 + 2.0 + 0.25) / 3,
    ("independent", "dr"): (1.0 + 0.25 - 0.75 + 2.0 + 0.75 + 2.0 + 0.25) / 3,
}


def outcome(reward, model, expected):
    """Of users with one slate each."""
    return Brought(np.ones((len(reward), 1), np.bool_), reward[:, None], model[:, None], expected[:, None])


def values(sums):
    """Estimates by estimator."""
    return {one.estimator: float(one.statistic(one.columns.sum(axis=0))) for one in sums}


@pytest.mark.parametrize("kind", KINDS)
def test_one_slate_a_user_as_by_hand_and_as_obp(kind):
    weight = weights(kind, TARGET, LOGGED)
    assert np.allclose(weight[:, 0], WEIGHTS[kind])
    told = outcome(REWARD, MODEL, EXPECTED)
    slates = values(of_slates(kind, weight, told))
    assert slates["ips"] == pytest.approx(OBP[kind])
    for estimator in ("snips", "dr"):
        assert slates[estimator] == pytest.approx(BY_HAND[kind, estimator])
    episodes = values(of_episodes(kind, weight, before(TARGET, LOGGED), told))
    assert episodes == pytest.approx(slates)  # an episode of one slate


def test_weights_of_a_second_slate_are_multiplied_and_absent_users_keep_theirs():
    """User 0 has weights 2 and .5 in turn, user 1 leaves after weight .5."""
    logged = Chances(np.array([[[0.25], [0.5]], [[0.5], [1.0]]]), None)
    target = Chances(np.array([[[0.5], [0.25]], [[0.25], [1.0]]]), None)
    there = np.array([[True, True], [True, False]])
    reward = np.array([[[1.0], [4.0]], [[3.0], [0.0]]])
    told = Brought(there, reward, np.full_like(reward, 9.0) * there[..., None], np.full((2, 2), 8.0) * there)
    weight, earlier = weights("slate", target, logged), before(target, logged)
    assert earlier.tolist() == [[1.0, 2.0], [1.0, 0.5]]
    found = values(of_episodes("slate", weight, earlier, told))
    assert found["ips"] == pytest.approx((2 * 1 + 2 * 0.5 * 4 + 0.5 * 3) / 2)
    assert found["snips"] == pytest.approx((2 * 1 + 0.5 * 3) / 2.5 + 1 * 4 / 1.5)
    first, second = 8 + 2 * (1 - 9) + 8 + 0.5 * (3 - 9), 2 * 8 + 2 * 0.5 * (4 - 9)
    assert found["dr"] == pytest.approx((first + second) / 2)
    assert values(of_slates("slate", weight, told))["ips"] == pytest.approx((2 + 2 + 1.5) / 3)


def test_no_chances_of_places_no_independent_weights():
    assert weights("independent", Chances(TARGET.picks, None), LOGGED) is None


def test_effective_sample_sizes():
    there = np.ones((3, 1), np.bool_)
    assert effective(np.ones((3, 1, 2)), there) == pytest.approx(3)
    one = np.array([[[5.0, 1.0]], [[0.0, 1.0]], [[0.0, 1.0]]])
    assert effective(one, there) == pytest.approx(1)  # the least of the positions
    assert effective(np.zeros((3, 1, 2)), there) == 0


ITEMS = 4
SLATES = list(itertools.permutations(range(ITEMS), 2))
"""All of a world of four items and slates of two."""


def toy(seed):
    """Chances of all slates under a policy that draws by strengths, one after another, and those of places."""
    strength = np.random.default_rng(seed).uniform(0.5, 2.0, ITEMS)
    first = strength / strength.sum()
    picks = np.array([[first[a], strength[b] / (strength.sum() - strength[a])] for a, b in SLATES])
    wholes = picks.prod(axis=1)
    second = [wholes[[each[1] == item for each in SLATES]].sum() for item in range(ITEMS)]
    places = np.array([[first[a], second[b]] for a, b in SLATES])
    return Chances(picks[:, None], places[:, None]), wholes


REWARDS = {
    "slate": np.array([[a + b * 0.5, b * (a > b)] for a, b in SLATES], np.float64),  # each depends on both
    "cascade": np.array([[a, b * (1.0 + a)] for a, b in SLATES], np.float64),  # the second on the first
    "independent": np.array([[a, 2.0 * b] for a, b in SLATES], np.float64),
}


def expectation(kind, reward, model):
    """Expected estimates of ips and dr under the logging policy, exactly, and the truth."""
    (logged, wholes), (target, targets) = toy(1), toy(2)
    truth = float(targets @ reward.sum(axis=1))
    expected = np.full(len(SLATES), float(targets @ model.sum(axis=1)))
    told = outcome(reward, model, expected)
    found = {}
    for one in of_slates(kind, weights(kind, target, logged), told):
        if one.estimator != "snips":
            found[one.estimator] = float(wholes @ one.columns[:, 0])
    return found, truth


@pytest.mark.parametrize(
    ("kind", "world"),
    [
        *(("slate", world) for world in KINDS),
        *(("cascade", world) for world in KINDS[1:]),
        ("independent", "independent"),
    ],
)
def test_unbiased_where_the_weights_assumption_holds_whatever_the_model(kind, world):
    """Exact: the sum over all slates, to 1e-12. Broken once on purpose (cumprod left out of ``weights``): it failed."""
    model = np.random.default_rng(3).normal(size=(len(SLATES), 2))
    model = np.array([[model[a, 0], model[b, 1]] for a, b in SLATES])  # by item and position, as ours
    found, truth = expectation(kind, REWARDS[world], model)
    assert found == pytest.approx({"ips": truth, "dr": truth}, abs=1e-12)


@pytest.mark.parametrize(
    ("kind", "world"), [("cascade", "slate"), ("independent", "slate"), ("independent", "cascade")]
)
def test_biased_where_it_does_not(kind, world):
    found, truth = expectation(kind, REWARDS[world], np.zeros((len(SLATES), 2)))
    assert abs(found["ips"] - truth) > 0.01


def drawn_log(seed, users=300):
    """Estimates of every kind from a log of the toy world, whose rewards have noise."""
    (logged, wholes), (target, targets) = toy(1), toy(2)
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(SLATES), size=users, p=wholes / wholes.sum())
    reward = REWARDS["independent"]
    model = reward + 0.3
    noisy = reward[rows] + rng.normal(size=(users, 2))
    expected = np.full(users, float(targets @ model.sum(axis=1)))
    some = [Chances(each.picks[rows], each.places[rows]) for each in (target, logged)]
    told = outcome(noisy, model[rows], expected)
    sums = [one for kind in KINDS for one in of_slates(kind, weights(kind, *some), told)]
    return sums, intervals(sums, seed, draws=400), float(targets @ reward.sum(axis=1))


def test_intervals_hold_the_truth_in_most_of_fifty_logs():
    """Of 50 at 95 %, fewer than 42 come by chance once in 1,300, in one of nine rows once in 150.

    Broken once on purpose (intervals of half the width): it failed.
    """
    held = np.zeros(9)
    for seed in range(50):
        _, found, truth = drawn_log(seed)
        held += [not one.excludes(truth) for one in found]
    assert held.min() >= 42, held


def test_self_normalising_and_the_model_make_intervals_narrower():
    sums, found, _ = drawn_log(0, users=3000)
    width = {(one.kind, one.estimator): each.high - each.low for one, each in zip(sums, found, strict=True)}
    for kind in KINDS:
        assert width[kind, "snips"] < width[kind, "ips"]
        assert width[kind, "dr"] < width[kind, "ips"]
    assert width["independent", "ips"] < width["slate", "ips"]


def test_users_are_resampled_whole():
    """Ten slates a user that are all alike tell no more than one of them."""
    rng = np.random.default_rng(0)
    reward = np.repeat(rng.normal(size=(200, 1, 1)), 10, axis=1)
    ones = Chances(np.ones_like(reward), None)
    told = Brought(np.ones((200, 10), np.bool_), reward, np.zeros_like(reward), np.zeros((200, 10)))
    (found, _, _) = intervals(list(of_slates("slate", weights("slate", ones, ones), told)), seed=0)
    error = reward[:, 0, 0].std() / np.sqrt(200)
    assert (found.high - found.low) / (2 * 1.96 * error) == pytest.approx(1.0, abs=0.12)
