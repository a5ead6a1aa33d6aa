"""The best slate against every slate there is."""

from itertools import permutations

import numpy as np
import pytest

from driftrec.agents.baselines import common
from driftrec.agents.baselines.common import top_k
from driftrec.agents.ranker.slate_optimiser import optimal_slates, slate_gains


def expected(attraction, value, no_click, positions, slate):
    """Expected value of a slate under the multinomial logit."""
    weights = positions * attraction[list(slate)]
    return (weights * value[list(slate)]).sum() / (no_click + weights.sum())


def made_up(seed, users=40, items=6, lowest=-1.0):
    generator = np.random.default_rng(seed)
    attraction = generator.lognormal(0.0, 1.5, (users, items)).astype(np.float32)
    value = generator.uniform(lowest, 9.0, (users, items)).astype(np.float32)
    return attraction, value


@pytest.mark.parametrize("no_click", [0.05, 1.0, 20.0])
@pytest.mark.parametrize("positions", [[1.0], [1.0, 1.0, 1.0], [1.0, 0.6, 0.2], [1.0, 0.9, 0.8, 0.7]])
def test_no_slate_is_better(no_click, positions):
    attraction, value = made_up(seed=len(positions))
    weights = np.array(positions, np.float32)
    slates = optimal_slates(attraction, value, no_click, weights, iterations=6)
    for a, v, slate in zip(attraction, value, slates, strict=True):
        others = permutations(range(len(a)), len(positions))
        best = max(expected(a, v, no_click, weights, other) for other in others)
        assert expected(a, v, no_click, weights, tuple(slate)) == pytest.approx(best, rel=1e-5)


def test_gains_are_attraction_times_what_exceeds_the_best_slates_value():
    attraction, value = made_up(seed=6)
    weights = np.array([1.0, 0.6, 0.2], np.float32)
    gains = slate_gains(attraction, value, 2.0, weights, iterations=6)
    for a, v, gain in zip(attraction, value, gains, strict=True):
        best = max(expected(a, v, 2.0, weights, slate) for slate in permutations(range(len(a)), 3))
        np.testing.assert_allclose(gain, a * (v - best), rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(slate_gains(attraction, value, 2.0, weights, iterations=0), attraction * value)


def test_three_rounds_lose_next_to_nothing():
    attraction, value = made_up(seed=1, users=300)
    weights = np.array([1.0, 0.8, 0.6], np.float32)
    three, many = (optimal_slates(attraction, value, 2.0, weights, iterations=n) for n in (3, 20))
    pairs = zip(attraction, value, three, many, strict=True)
    loss = [1 - expected(a, v, 2.0, weights, x) / expected(a, v, 2.0, weights, y) for a, v, x, y in pairs]
    assert max(loss) < 0.01


def test_the_order_is_by_what_an_item_adds():
    """With many who open nothing, the ratio hardly moves: items stand by attraction times value."""
    attraction, value = made_up(seed=2, lowest=0.5)
    slates = optimal_slates(attraction, value, 1e6, np.array([1.0, 0.5, 0.25], np.float32))
    np.testing.assert_array_equal(slates, np.argsort(-attraction * value, axis=1)[:, :3])


def test_harmful_items_are_shown_last_if_they_must_be():
    attraction = np.ones((1, 4), np.float32)
    value = np.array([[-5.0, 2.0, -1.0, 3.0]], np.float32)
    assert optimal_slates(attraction, value, 1.0, np.array([1.0, 0.5, 0.1], np.float32)).tolist() == [[3, 1, 2]]


def test_users_do_not_change_each_other():
    attraction, value = made_up(seed=4)
    weights = np.array([1.0, 0.7], np.float32)
    whole = optimal_slates(attraction, value, 1.0, weights)
    alone = [optimal_slates(attraction[i : i + 1], value[i : i + 1], 1.0, weights)[0] for i in range(len(value))]
    np.testing.assert_array_equal(whole, alone)


def test_slates_larger_than_the_catalogue_are_refused():
    attraction, value = made_up(seed=5)
    with pytest.raises(ValueError, match="best 7 of 6 items"):
        optimal_slates(attraction, value, 1.0, np.ones(7, np.float32))


def the_best_two(scores):
    return optimal_slates(np.ones_like(scores), scores, 1.0, np.ones(2, np.float32))


@pytest.mark.parametrize("rank", [lambda scores: top_k(scores, 2), the_best_two])
def test_what_is_not_a_number_has_no_rank(rank):
    scores = np.array([[3.0, 1.0, 2.0], [1.0, np.nan, 2.0]], np.float32)
    with pytest.raises(ValueError, match=r"The score at \[1, 1\] \(user, item\) is NaN"):
        rank(scores)
    assert rank(scores[:1]).tolist() == [[0, 2]]


def test_a_score_that_is_not_a_number_is_named_by_its_row_among_all_users(monkeypatch):
    monkeypatch.setattr(common, "CHUNK_CELLS", 8)  # two users of four items at a time
    observation = {"persona": np.zeros(5, np.int32), "read_items": np.full((5, 1), -1)}
    scores = np.tile(np.arange(4.0), (5, 1))
    scores[3, 2] = np.nan
    with pytest.raises(ValueError, match=r"The score at \[3, 2\] \(user, item\) is NaN"):
        common.best_unread(lambda chunk, rows: scores[rows].copy(), observation, 4, 2)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_gains_are_as_exact_as_values(kind):
    attraction, value = made_up(seed=7)
    value = value.astype(kind) / 3
    gains = slate_gains(attraction, value, 1.0, np.ones(2, np.float32), iterations=0)
    assert gains.dtype == kind
    np.testing.assert_array_equal(gains, attraction * value)
