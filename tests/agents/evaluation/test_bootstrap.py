import tracemalloc

import numpy as np
import pytest

from driftrec.agents.evaluation.bootstrap import (
    CHUNK,
    Interval,
    coverage_interval,
    interval,
    paired_interval,
    ratio_interval,
    resampled_curves,
)


def test_interval_of_two_users_by_hand():
    # Two users, 0 and 4: resampled means are 0, 2, 4 with probability 1/4, 1/2, 1/4.
    assert interval([[0.0, 4.0]], seed=1) == Interval(2.0, 0.0, 4.0)
    assert interval([[0.0, 4.0]], seed=1, level=0.4) == Interval(2.0, 2.0, 2.0)


def test_interval_resamples_training_seeds_too():
    # No spread over users, two seeds: the interval comes from the seeds alone.
    assert interval([[0.0, 0.0, 0.0], [6.0, 6.0, 6.0]], seed=1) == Interval(3.0, 0.0, 6.0)


def test_swapped_axes_are_refused_where_they_do_not_match():
    values = np.array([[1.0, 2.0, 9.0], [1.0, 2.0, 9.0]])
    with pytest.raises(ValueError, match=r"same users, but the arrays hold \[3, 2\] users"):
        paired_interval(values, values.T, seed=0)


def test_mean_weighs_every_seed_and_user_alike():
    values = np.array([[1.0, 2.0, 3.0], [5.0, 6.0, 10.0]])
    assert interval(values, seed=0).mean == pytest.approx(4.5)


def test_same_seed_same_interval_and_other_seed_another():
    values = np.random.default_rng(0).normal(size=(3, 40))
    assert interval(values, seed=5) == interval(values, seed=5)
    assert interval(values, seed=5) != interval(values, seed=6)


def test_chunks_do_not_change_the_draws(monkeypatch):
    values = np.random.default_rng(0).normal(size=(3, 40))
    whole = interval(values, seed=5)
    monkeypatch.setattr("driftrec.agents.evaluation.bootstrap.CHUNK", 130)
    assert interval(values, seed=5) == whole


def test_interval_covers_the_true_mean_in_95_of_100_cases():
    # 400 samples of 100 users. The percentile bootstrap covers about 94 %; the binomial standard error is
    # 1.2 %, and the bounds are more than two and a half of them away.
    rng = np.random.default_rng(0)
    hits = 0
    for number in range(400):
        found = interval(rng.normal(3.0, 2.0, size=(1, 100)), seed=number, resamples=300)
        hits += not found.excludes(3.0)
    assert 0.91 <= hits / 400 <= 0.98


def test_interval_covers_the_true_mean_when_seeds_vary():
    # 20 seeds with their own effect beside 50 users' effects and noise; 300 samples, standard error 1.4 %.
    rng = np.random.default_rng(1)
    hits = 0
    for number in range(300):
        values = rng.normal(size=(20, 1)) + rng.normal(size=(1, 50)) + rng.normal(size=(20, 50))
        hits += not interval(values, seed=number, resamples=300).excludes(0.0)
    assert 0.89 <= hits / 300 <= 0.99


def test_equal_policies_differ_by_exactly_zero():
    values = np.random.default_rng(0).lognormal(size=(1, 137))
    assert paired_interval(values, values.copy(), seed=3) == Interval(0.0, 0.0, 0.0)
    seeds = np.random.default_rng(0).lognormal(size=(3, 137))
    assert paired_interval(seeds, seeds.copy(), seed=3).mean == 0.0


def test_paired_difference_by_hand_with_other_numbers_of_seeds():
    found = paired_interval([[1.0, 2.0], [3.0, 4.0]], [[0.5, 1.5]], seed=0)
    assert found == Interval(1.5, 0.5, 2.5)  # the seeds' means are 1 below and 1 above


def test_paired_is_narrower_than_unpaired_with_common_noise():
    rng = np.random.default_rng(2)
    users = rng.normal(scale=5.0, size=(1, 300))
    a, b = users + rng.normal(1.0, 0.5, size=(1, 300)), users + rng.normal(size=(1, 300)) * 0.5
    paired = paired_interval(a, b, seed=0)
    first, second = interval(a, seed=0), interval(b, seed=0)
    unpaired = np.hypot(first.high - first.low, second.high - second.low)
    # True widths: 2 * 1.96 * sqrt(0.5) / sqrt(300) = 0.16 against 2 * 1.96 * sqrt(50.5) / sqrt(300) = 1.6.
    assert paired.high - paired.low < 0.2 * unpaired
    assert paired.excludes(0.0)


def test_ratio_of_ends_and_middle():
    floor, ceiling = np.array([[1.0, 2.0, 3.0]]), np.array([[5.0, 8.0, 9.0]])
    assert ratio_interval(floor, floor, ceiling, seed=0) == Interval(0.0, 0.0, 0.0)
    assert ratio_interval(ceiling, floor, ceiling, seed=0) == Interval(1.0, 1.0, 1.0)
    middle = ratio_interval((floor + ceiling) / 2, floor, ceiling, seed=0)
    assert (middle.mean, middle.low, middle.high) == pytest.approx((0.5, 0.5, 0.5))


def test_ratio_stays_finite_where_single_resamples_have_no_span():
    floor, ceiling = np.zeros((1, 4)), np.array([[0.0, 4.0, 4.0, 4.0]])
    found = ratio_interval(ceiling, floor, ceiling, seed=0)  # drawing user 0 four times gives 0 / 0
    assert found == Interval(1.0, 1.0, 1.0)


@pytest.mark.parametrize("high", [1.0, 0.5])
def test_ratio_needs_a_ceiling_above_the_floor(high):
    with pytest.raises(ValueError, match="ceiling does not exceed the floor"):
        ratio_interval([[1.0, 1.0]], [[1.0, 1.0]], [[high, high]], seed=0)


def test_coverage_by_hand():
    shown = np.zeros((2, 3, 4), dtype=bool)
    shown[0, :, :2] = True  # all users see items 0 and 1: no spread over users
    shown[1, :, :] = True
    found = coverage_interval(shown, seed=0)
    assert found.mean == 0.75
    # The resampled means 0.5, 0.75 and 1 move by at most 0.05: their mean's distance from 0.75.
    assert found.low == pytest.approx(0.5, abs=0.05)
    assert found.high == pytest.approx(1.0, abs=0.05)
    assert found.high <= 1.0


def test_coverage_holds_its_mean_though_resamples_see_fewer_items():
    shown = np.eye(200, dtype=bool)[None]  # every item shown to one user only
    assert coverage_interval(shown, seed=0).mean == 1.0
    half = np.zeros((1, 200, 400), dtype=bool)
    half[0, :, :200] = np.eye(200, dtype=bool)
    found = coverage_interval(half, seed=0)
    assert found.low < found.mean == 0.5 < found.high
    # A resample's distinct users have a standard deviation of sqrt(200 * (1/e - 2/e^2)) = 4.4 of 400 items.
    assert found.high - found.low == pytest.approx(2 * 1.96 * 4.41 / 400, rel=0.25)


def test_a_rounding_does_not_put_the_mean_outside_of_its_interval():
    shown = np.zeros((1, 12, 12), bool)
    shown[:, :, :4] = True  # a third, however users are drawn
    of_users = [interval(np.full((1, n), value), seed=0) for n in (3, 7, 12) for value in (0.1, 0.3, 1.1)]
    for one in (coverage_interval(shown, seed=1), *of_users):
        assert one.low <= one.mean <= one.high
        assert one.high - one.low < 1e-12


def test_coverage_in_blocks_is_the_same(monkeypatch):
    shown = np.random.default_rng(0).random((2, 30, 50)) < 0.03
    whole = coverage_interval(shown, seed=0)
    monkeypatch.setattr("driftrec.agents.evaluation.bootstrap.CHUNK", 1500)
    assert coverage_interval(shown, seed=0) == whole


def test_memory_stays_bounded():
    values = np.random.default_rng(0).normal(size=(3, 2000))
    tracemalloc.start()
    interval(values, seed=99)
    paired_interval(values, values + 1, seed=99)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert CHUNK * 8 < peak < 200e6


@pytest.mark.parametrize("seeds", [1, 3])
def test_curves_are_resampled_as_means_are(seeds):
    curves = np.random.default_rng(0).normal(size=(seeds, 4, 30))
    drawn = resampled_curves(curves, seed=5, resamples=300)
    assert drawn.shape == (300, 4)
    for step in range(4):
        told = interval(curves[:, step], seed=5, resamples=300)
        np.testing.assert_allclose(np.quantile(drawn[:, step], [0.025, 0.975]), [told.low, told.high])


BAD = [
    ([[1.0, np.nan]], r"values\[0, 1\] is nan"),
    ([[1.0], [np.inf]], r"values\[1, 0\] is inf"),
    ([1.0, 2.0], r"shape \(seeds, users\)"),
    (np.empty((1, 0)), "not be empty"),
]


@pytest.mark.parametrize(("values", "message"), BAD)
def test_bad_values(values, message):
    with pytest.raises(ValueError, match=message):
        interval(values, seed=0)
    with pytest.raises(ValueError, match=message):
        paired_interval(values, [[1.0, 2.0]], seed=0)


def test_bad_level_and_bad_shown():
    with pytest.raises(ValueError, match="level must lie between 0 and 1, not 95"):
        interval([[1.0, 2.0]], seed=0, level=95)
    with pytest.raises(ValueError, match=r"bool array .* float64 \(1, 2, 3\)"):
        coverage_interval(np.ones((1, 2, 3)), seed=0)
    with pytest.raises(ValueError, match=r"bool \(2, 3\)"):
        coverage_interval(np.ones((2, 3), dtype=bool), seed=0)
