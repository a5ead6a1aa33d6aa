"""Counter-based random numbers: a pure function of (seed, step, purpose), so that batching cannot change them.

Every user owns one 64-bit seed. Step ``t`` of that user's life consumes a fixed block of 64-bit words, one row a
purpose. Word ``j`` of step ``t`` is the output of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014) at position
``t * width + j`` of the stream that starts at a scrambled seed. Nothing is stored and nothing is consumed in
order: the same user meets the same noise alone, in any batch, in any process, and under every policy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import warm

Words = NDArray[np.uint64]

WIDEST = 5.9
"""Standard deviations that a normal draw stays within."""

LONGEST = 16.7
"""What an exponential draw, of mean 1, stays below."""

SMALLEST_CHANCE = 2.0**-24
"""Resolution of the draws. A smaller chance comes true only when a draw is 0, so as often as this, or not at all."""

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_SCRAMBLE = np.uint64(0xD1342543DE82EF95)
_TWO_PI = np.float32(2.0 * np.pi)
_SQRT12 = np.float32(np.sqrt(12.0))


def mix(words: Words) -> Words:
    """SplitMix64's finaliser: a bijection of 64-bit words in which every input bit moves every output bit."""
    return _mixed(warm.copy(words))


def stream_keys(seeds: Words) -> Words:
    """Start of each seed's stream, so that neighbouring seeds (0, 1, 2, ...) share nothing. Shape kept."""
    return mix(mix(seeds ^ _SCRAMBLE) + _GAMMA)


def block(keys: Words, steps: NDArray[np.int64], width: int) -> Words:
    """The words of one step.

    Args:
        keys: From ``stream_keys``, shape (users,).
        steps: Step of each user, 0 at reset, shape (users,).
        width: Words a step; must be the same in every call for one world.

    Returns:
        uint64 words, shape (width, users): one contiguous row a purpose.
    """
    first = keys + steps.astype(np.uint64) * np.uint64(width) * _GAMMA  # (users,)
    offsets = np.arange(1, width + 1, dtype=np.uint64) * _GAMMA  # (width,)
    return _mixed(np.add(offsets[:, None], first, out=warm.empty((width, len(keys)), np.uint64)))


def rows(keys: Words, steps: NDArray[np.int64], width: int, first: int, count: int) -> Words:
    """Words ``first`` to ``first + count - 1`` of one step, one row a user: the others are not worked out.

    Args:
        keys: From ``stream_keys``, shape (users,).
        steps: Step of each user, 0 at reset, shape (users,).
        width: Words a step; must be the same in every call for one world.
        first: The first word wanted, 0 to ``width - 1``.
        count: Words wanted.

    Returns:
        uint64 words, shape (users, count): those of ``block(keys, steps, width)[first : first + count].T``.
    """
    start = keys + steps.astype(np.uint64) * np.uint64(width) * _GAMMA  # (users,)
    offsets = np.arange(first + 1, first + count + 1, dtype=np.uint64) * _GAMMA  # (count,)
    return _mixed(np.add(start[:, None], offsets, out=warm.empty((len(keys), count), np.uint64)))


def child_seeds(seeds: Words, index: NDArray[np.int64]) -> Words:
    """Seed of the ``index``-th user that a lane with seed ``seeds`` serves. Shape kept."""
    return mix(stream_keys(seeds) + index.astype(np.uint64) * _SCRAMBLE)


def user_seeds(seed: int, purpose: str, count: int) -> Words:
    """``count`` user seeds for one run and purpose; those of other runs and purposes share none.

    Args:
        seed: The run's seed, not negative.
        purpose: What the users are for, such as "training" or "evaluation".
        count: Number of users.
    """
    tag = int.from_bytes(purpose.encode(), "little")
    return np.random.SeedSequence([seed, tag]).generate_state(count, np.uint64).astype(np.uint64)


def uniform(words: Words) -> NDArray[np.float32]:
    """Uniform in [0, 1) from the upper 24 bits. Shape kept."""
    return _unit_interval(np.right_shift(words, np.uint64(40), out=warm.like(words)))


def uniform_low(words: Words) -> NDArray[np.float32]:
    """Uniform in [0, 1) from the lower 24 bits: a second draw from the same words, independent of ``uniform``."""
    return _unit_interval(np.bitwise_and(words, np.uint64(0xFFFFFF), out=warm.like(words)))


def uniform_pairs(words: Words) -> NDArray[np.float32]:
    """Two uniforms in [0, 1) from the 24 upper bits of each half of every word, last axis twice as long."""
    halves = words.view(np.uint32)
    halves = np.right_shift(halves, np.uint32(8), out=warm.like(halves))
    return _unit_interval(halves.view(np.int32))  # signed: numpy converts these faster


def normal(words: Words) -> NDArray[np.float32]:
    """Standard normal by Box and Muller (1958), both uniforms from one word; |value| < ``WIDEST``. Shape kept."""
    radius = np.sqrt(np.float32(-2.0) * np.log(np.float32(1.0) - uniform(words)))
    return radius * np.cos(_TWO_PI * uniform_low(words))


def normal_pairs(words: Words) -> NDArray[np.float32]:
    """Two independent standard normals a word by Box and Muller (1958), all cosines, then all sines.

    Args:
        words: Shape (users, count).

    Returns:
        float32, shape (users, 2 * count).
    """
    radius, angle = uniform(words), uniform_low(words)
    np.subtract(np.float32(1.0), radius, out=radius)
    np.log(radius, out=radius)
    radius *= np.float32(-2.0)
    np.sqrt(radius, out=radius)
    angle *= _TWO_PI
    users, count = words.shape
    normals, wave = warm.empty((users, 2 * count), np.float32), warm.like(radius)
    np.multiply(radius, np.cos(angle, out=wave), out=normals[:, :count])
    np.multiply(radius, np.sin(angle, out=wave), out=normals[:, count:])
    return normals


def exponential(words: Words) -> NDArray[np.float32]:
    """Exponential with mean 1, at most 16.7. Shape kept."""
    return -np.log(np.float32(1.0) - uniform(words))


def steps_of_walk(words: Words, dims: int) -> NDArray[np.float32]:
    """Increments of a random walk: uniform with mean 0 and variance 1, four from every word.

    Sums of a few are normal to the eye, and they cost a tenth of normals.

    Args:
        words: Shape (ceil(dims / 4), users).
        dims: Dimensions of the walk.

    Returns:
        float32, shape (users, dims).
    """
    quarters = warm.copy(words.T).view(np.uint16)  # (users, 4 * len(words))
    increments = warm.cast(quarters[:, :dims], np.float32)
    increments -= np.float32(32767.5)
    increments *= _SQRT12 / np.float32(65536.0)
    return increments


def _mixed(words: Words) -> Words:
    """``mix`` in place."""
    shifted = warm.like(words)
    words ^= np.right_shift(words, np.uint64(30), out=shifted)
    words *= np.uint64(0xBF58476D1CE4E5B9)
    words ^= np.right_shift(words, np.uint64(27), out=shifted)
    words *= np.uint64(0x94D049BB133111EB)
    words ^= np.right_shift(words, np.uint64(31), out=shifted)
    return words


def _unit_interval(integers: NDArray[np.uint64] | NDArray[np.int32]) -> NDArray[np.float32]:
    """Integers of 24 bits as numbers in [0, 1). Shape kept."""
    numbers = warm.cast(integers, np.float32)
    numbers *= np.float32(2.0**-24)
    return numbers
