"""Percentile bootstrap over two crossed levels: users and training seeds.

Each resample draws users with replacement and, independently, training seeds with replacement; the statistic
is the doubly weighted mean ``sum_su v_s w_u x_su`` with multinomial weights v (seeds) and w (users). This is
the pigeonhole bootstrap of Owen (2007), "The pigeonhole bootstrap", Annals of Applied Statistics 1(2). With
one training seed it is the ordinary bootstrap over users. With few seeds (under about five) it is narrow:
three seeds say little about the next one, and no resampling can mend that.

The user resample depends on ``seed``, ``resamples`` and the number of users only, so every call with the same
three meets the same users: policies are compared in pairs (common random numbers).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]
"""One number per training seed and user, shape (seeds, users)."""

RESAMPLES = 2000
COVERAGE_RESAMPLES = 200
LEVEL = 0.95

CHUNK = 2**21
"""Numbers held at once by one temporary array: 16 MB in float64."""


@dataclass(frozen=True)
class Interval:
    """A point estimate with the ends of its interval, in the unit of the values.

    Attributes:
        mean: Estimate from the data as they are.
        low: Lower end.
        high: Upper end.
    """

    mean: float
    low: float
    high: float

    def excludes(self, value: float) -> bool:
        """Whether ``value`` lies outside of [low, high]."""
        return value < self.low or value > self.high


def interval(values: ArrayLike, *, seed: int, resamples: int = RESAMPLES, level: float = LEVEL) -> Interval:
    """Mean of ``values`` with its interval.

    Args:
        values: One number per training seed and user, shape (seeds, users).
        seed: Seed of the resampling.
        resamples: Number of resamples.
        level: Confidence level, in (0, 1).

    Raises:
        ValueError: If ``values`` is empty, not two-dimensional or holds NaN or infinity.
    """
    checked = _checked(values)
    means = [_row_means(weights, rows) for weights, (rows,) in _resampled(checked, seed, resamples)]
    return percentiles(checked[0].mean(axis=0).mean(), np.concatenate(means), level)


def paired_interval(
    a: ArrayLike, b: ArrayLike, *, seed: int, resamples: int = RESAMPLES, level: float = LEVEL
) -> Interval:
    """Mean difference a - b with its interval: the same users are drawn for both, seeds separately.

    ``a`` (seeds_a, users) and ``b`` (seeds_b, users) have the same users in the same order; else as of ``interval``.

    Raises:
        ValueError: If the numbers of users differ, or either array is not as ``interval`` wants it.
    """
    checked = _checked(a, b)
    # Subtracting user by user before averaging makes equal arrays differ by exactly 0, whatever the rounding.
    mean = (checked[0].mean(axis=0) - checked[1].mean(axis=0)).mean()
    means = [_row_means(w, rows_a - rows_b) for w, (rows_a, rows_b) in _resampled(checked, seed, resamples)]
    return percentiles(mean, np.concatenate(means), level)


def ratio_interval(
    values: ArrayLike,
    floor: ArrayLike,
    ceiling: ArrayLike,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Interval:
    """Normalised mean (values - floor) / (ceiling - floor) with its interval; all share the drawn users.

    Resamples in which the ceiling does not exceed the floor have no ratio and are left out; check with
    ``paired_interval(ceiling, floor)`` that they are rare.

    ``floor`` (seeds_floor, users) counts as 0, ``ceiling`` (seeds_ceiling, users) as 1; else as of ``interval``.

    Raises:
        ValueError: If the ceiling's mean is not above the floor's, or an array is not as ``interval`` wants it.
    """
    checked = _checked(values, floor, ceiling)
    value, low, high = (array.mean(axis=0) for array in checked)
    if (high - low).mean() <= 0:
        raise ValueError(
            f"The ceiling does not exceed the floor: means {high.mean():.6g} and {low.mean():.6g}. "
            "Name another ceiling or floor, or simulate more users and steps."
        )
    gains, spans = [], []
    for weights, (rows, rows_low, rows_high) in _resampled(checked, seed, resamples):
        gains.append(_row_means(weights, rows - rows_low))
        spans.append(_row_means(weights, rows_high - rows_low))
    gain, span = np.concatenate(gains), np.concatenate(spans)
    return percentiles((value - low).mean() / (high - low).mean(), gain[span > 0] / span[span > 0], level)


def resampled_curves(curves: ArrayLike, *, seed: int, resamples: int = COVERAGE_RESAMPLES) -> Values:
    """Means over users and training seeds of every resample, (resamples, steps), for what is no mean itself.

    Args:
        curves: One number per training seed, step and user, (seeds, steps, users), finite.
        seed: Seed of the resampling; the users drawn are those of ``interval``.
        resamples: Number of resamples.
    """
    values = np.asarray(curves, dtype=np.float64)
    seeds, _, users = values.shape
    weights = user_counts(users, resamples, seed) / users  # (resamples, users)
    drawn = seed_weights(seed_rng(seed, 0), seeds, resamples)
    means = np.stack([np.einsum("bu,tu->bt", weights, one) for one in values])  # (seeds, resamples, steps)
    return np.einsum("bs,sbt->bt", drawn, means)


def coverage_interval(
    shown: ArrayLike, *, seed: int, resamples: int = COVERAGE_RESAMPLES, level: float = LEVEL
) -> Interval:
    """Share of the items that at least one user was shown, averaged over training seeds, with its interval.

    A resample holds only about 63 % of the users and so always sees fewer items than the data. The resampled
    shares are therefore moved to have the observed share as their mean, and cut to [0, 1]: the interval tells
    the spread, not the bias.

    ``shown`` tells whether an item was ever shown to a user, bool, (seeds, users, items); else as of ``interval``.

    Raises:
        ValueError: If ``shown`` is empty, not three-dimensional or not boolean.
    """
    seen = np.asarray(shown)
    if seen.ndim != 3 or seen.size == 0 or seen.dtype != np.bool_:
        raise ValueError(
            f"shown must be a bool array (seeds, users, items), not empty; it is {seen.dtype} {seen.shape}."
        )
    seeds, users, _ = seen.shape
    counts = user_counts(users, resamples, seed).astype(np.float32)  # (resamples, users)
    shares = np.stack([_covered(counts, one) for one in seen])  # (seeds, resamples)
    draws = np.einsum("bs,sb->b", seed_weights(seed_rng(seed, 0), seeds, resamples), shares)
    mean = seen.any(axis=1).mean()
    return percentiles(mean, np.clip(draws + (mean - draws.mean()), 0, 1), level)


def _covered(counts: NDArray[np.float32], shown: NDArray[np.bool_]) -> Values:
    """Share of the items shown in each resample, (resamples,), from counts (resamples, users)."""
    users, items = shown.shape
    width = max(1, CHUNK // max(users, len(counts)))
    totals = np.zeros(len(counts))
    for start in range(0, items, width):
        block = shown[:, start : start + width].astype(np.float32)  # (users, width)
        totals += np.count_nonzero(counts @ block > 0, axis=1)
    return totals / items


def _resampled(arrays: Sequence[Values], seed: int, resamples: int) -> Iterator[tuple[Values, list[Values]]]:
    """Chunks of user weights and, for each array, of its seed-weighted rows; all of shape (chunk, users)."""
    counts = user_counts(arrays[0].shape[1], resamples, seed)
    rngs = [seed_rng(seed, position) for position in range(len(arrays))]
    rows = max(1, CHUNK // counts.shape[1])
    for start in range(0, resamples, rows):
        weights = counts[start : start + rows] / counts.shape[1]
        pairs = zip(rngs, arrays, strict=True)
        yield weights, [seed_weights(rng, len(array), len(weights)) @ array for rng, array in pairs]


@lru_cache(maxsize=2)  # a summary asks some hundred times for the same counts
def user_counts(users: int, resamples: int, seed: int) -> NDArray[np.uint16]:
    """How often each resample drew each user, shape (resamples, users), rows summing to ``users``."""
    rng = np.random.default_rng([seed, 0])
    counts = np.empty((resamples, users), dtype=np.uint16)
    for row in counts:
        row[:] = np.bincount(rng.integers(users, size=users), minlength=users)
    counts.flags.writeable = False
    return counts


def seed_rng(seed: int, position: int) -> np.random.Generator:
    """Generator for the training seeds of the policy at ``position``, independent of the users' generator."""
    return np.random.default_rng([seed, 1, position])


def seed_weights(rng: np.random.Generator, seeds: int, resamples: int) -> Values:
    """Weights of the training seeds, shape (resamples, seeds), rows summing to 1."""
    return rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples) / seeds


def _row_means(weights: Values, rows: Values) -> Values:
    """Weighted mean of every row, (resamples,), from two arrays (resamples, users)."""
    return np.einsum("bu,bu->b", weights, rows)


def percentiles(mean: float, draws: Values, level: float) -> Interval:
    """The estimate ``mean`` between the ends that hold the share ``level`` of the ``draws``."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}.")
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    # Draws that are all alike may miss the mean by a rounding.
    return Interval(float(mean), float(min(low, mean)), float(max(high, mean)))


def _checked(*given: ArrayLike) -> list[Values]:
    """The arrays as float64, if each is (seeds, users) and finite and all hold equally many users."""
    arrays = [np.asarray(values, dtype=np.float64) for values in given]
    for array in arrays:
        if array.ndim != 2 or array.size == 0:
            raise ValueError(f"values must have shape (seeds, users) and not be empty, not {array.shape}.")
        if not np.isfinite(array).all():
            seed, user = np.argwhere(~np.isfinite(array))[0]
            raise ValueError(f"values[{seed}, {user}] is {array[seed, user]}: every user needs a finite number.")
    users = [array.shape[1] for array in arrays]
    if len(set(users)) > 1:
        raise ValueError(f"Policies are compared on the same users, but the arrays hold {users} users.")
    return arrays
