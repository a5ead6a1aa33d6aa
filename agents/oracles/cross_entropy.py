"""Weights by simulation: the cross-entropy method, the one search that tunes planners and their rivals."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from driftrec.simulators.vectors import Double

SAMPLES = 16
"""Candidates a round of tuning."""

Earned = Callable[[Double], Double]
"""Gives what candidates (samples, weights) earn, (samples,)."""

Known = Callable[[int, Callable[[], Double]], Double]
"""Gives what the candidates of a round earned, (samples,), by its number from 0: it calls what asks them, or knows."""


def cross_entropy(
    earned: Earned,
    centre: Double,
    spread: Double,
    *,
    rng: np.random.Generator,
    rounds: int,
    samples: int = SAMPLES,
    narrowing: tuple[float, float] = (1.0, 0.1),
    again: bool = False,
    known: Known = lambda index, ask: ask(),
    report: Callable[[int, Double, Double, float], None] = lambda index, centre, best, earned: None,
) -> Double:
    """Search weights that earn most (Rubinstein, 1999).

    Args:
        earned: See ``Earned``; every candidate should meet the same users and noise.
        centre: Where the first round starts, so that the result is never below it, (weights,).
        spread: Standard deviations of the first round's candidates around it, (weights,).
        rng: Source of candidates.
        rounds: Rounds of the search.
        samples: Candidates a round, the round's centre the first of them; a quarter is its elite.
        narrowing: The next round's spread is so many times that of the elite plus so many times this round's.
        again: Whether the best weights met are among every round's candidates.
        known: See ``Known``; asks by default.
        report: Called after every round with its number from 0, the mean of its elite, the best weights met and what
            they earned.

    Returns:
        The best weights met, (weights,).
    """
    best, most = centre, -np.inf
    for index in range(rounds):
        candidates = centre + spread * rng.standard_normal((samples, len(centre)))
        candidates[0] = centre
        if again and index:
            candidates[1] = best
        returns = known(index, partial(earned, candidates))
        elite = candidates[np.argsort(returns)[-samples // 4 :]]
        centre, spread = elite.mean(axis=0), narrowing[0] * elite.std(axis=0) + narrowing[1] * spread
        if returns.max() > most:
            best, most = candidates[int(returns.argmax())], float(returns.max())
        report(index, centre, best, most)
    return best


def one_by_one(earned: Callable[[Double], float]) -> Earned:
    """Of what weights (weights,) earn, what candidates do."""
    return lambda candidates: np.array([earned(each) for each in candidates])
