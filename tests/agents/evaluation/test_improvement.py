"""Probability of improvement: against counting by hand, both ways, with ties, with several training seeds."""

from itertools import product

import numpy as np
import pytest

from driftrec.agents.evaluation.improvement import probabilities


def test_the_share_of_users_served_better_and_its_mirror():
    a, b = np.array([[1.0, 2, 3, 4]]), np.array([[0.0, 2, 1, 9]])
    found = probabilities({"a": a, "b": b}, seed=0)
    assert found["a", "b"].mean == (1 + 0.5 + 1 + 0) / 4
    there, back = found["a", "b"], found["b", "a"]
    assert (back.mean, back.low, back.high) == pytest.approx((1 - there.mean, 1 - there.high, 1 - there.low))
    assert there.low < there.mean < there.high
    assert set(found) == {("a", "b"), ("b", "a")}


def test_every_training_seed_meets_every_other():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 30)), rng.normal(size=(3, 30))
    pairs = [(a[i] > b[j]).mean() for i, j in product(range(2), range(3))]
    assert probabilities({"a": a, "b": b}, seed=0)["a", "b"].mean == pytest.approx(np.mean(pairs))


def test_a_policy_against_its_like_is_one_half_and_against_a_lesser_one_for_certain():
    values = np.random.default_rng(1).normal(size=(1, 40))
    found = probabilities({"a": values, "same": values.copy(), "less": values - 1e-9}, seed=0)
    assert {(one.mean, one.low, one.high) for one in (found["a", "same"], found["same", "a"])} == {(0.5, 0.5, 0.5)}
    assert (found["a", "less"].low, found["less", "a"].high) == pytest.approx((1.0, 0.0), abs=1e-6)
    assert 0 <= found["less", "a"].low <= found["a", "less"].high <= 1


def test_the_interval_is_as_wide_as_it_should_be():
    """Of n users of whom a share p is served better, the standard error is sqrt(p (1 - p) / n)."""
    better = np.arange(400) < 240
    one = probabilities({"a": better[None] * 2.0, "b": np.ones((1, 400))}, seed=3)["a", "b"]
    error = np.sqrt(0.6 * 0.4 / 400)
    assert one.mean == pytest.approx(0.6)
    np.testing.assert_allclose([one.low, one.high], [0.6 - 1.96 * error, 0.6 + 1.96 * error], atol=0.15 * error)


def test_seeds_that_disagree_widen_it():
    rng = np.random.default_rng(2)
    b = rng.normal(size=(1, 200))
    agree = np.stack([b[0] + rng.normal(size=200)] * 2)
    disagree = np.stack([b[0] + 2 * rng.random(200), b[0] - 2 * rng.random(200)])
    widths = [(one := probabilities({"a": a, "b": b}, seed=0)["a", "b"]).high - one.low for a in (agree, disagree)]
    assert widths[1] > 3 * widths[0]
