"""How likely a policy is to serve a user better than another does, from the same users' episodes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from driftrec.agents.evaluation.bootstrap import (
    LEVEL,
    RESAMPLES,
    Interval,
    Values,
    percentiles,
    seed_rng,
    seed_weights,
    user_counts,
)


def probabilities(
    tables: Mapping[str, Values], *, seed: int, resamples: int = RESAMPLES, level: float = LEVEL
) -> dict[tuple[str, str], Interval]:
    """Probability of improvement between every two policies, both ways, with the interval over users and seeds.

    That of a over b is the share of users whom a serves better than b, a tie counting half, averaged over every
    training seed of a with every one of b. Agarwal et al. (2021), "Deep reinforcement learning at the edge of the
    statistical precipice", NeurIPS, over runs; here paired, over users.

    Args:
        tables: For each policy one number a training seed and user, (seeds, users), the same users in all.
        seed: Seed of the resampling; the users drawn are those of ``bootstrap.interval``.
        resamples: Number of resamples.
        level: Confidence level, in (0, 1).

    Returns:
        By (a, b); those of (a, b) and (b, a) add up to 1.
    """
    users = next(iter(tables.values())).shape[1]
    weights = user_counts(users, resamples, seed).astype(np.float32).T / users  # (users, resamples)
    found = {}
    for a, b in combinations(tables, 2):
        better = np.sign(tables[a][:, None] - tables[b]) / 2 + 0.5  # (seeds_a, seeds_b, users)
        draws = (better.astype(np.float32) @ weights).clip(0, 1)  # (seeds_a, seeds_b, resamples), but for rounding
        of_a, of_b = (
            seed_weights(seed_rng(seed, place), count, resamples) for place, count in enumerate(better.shape[:2])
        )
        one = percentiles(better.mean(), np.einsum("str,rs,rt->r", draws, of_a, of_b), level)
        found[a, b] = one
        found[b, a] = Interval(1 - one.mean, 1 - one.high, 1 - one.low)
    return found
