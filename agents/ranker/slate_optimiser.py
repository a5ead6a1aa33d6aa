"""The slate of highest expected value under a multinomial logit with position bias."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines.common import check_scores, top_k
from driftrec.agents.retrieval.largest import largest
from driftrec.simulators import warm
from driftrec.simulators.vectors import Float


def optimal_slates(
    attraction: Float, value: Float, no_click: float, position_weights: Float, iterations: int = 3
) -> NDArray[np.int64]:
    """Slates that maximise  sum_k p_k a_i v_i / (no_click + sum_k p_k a_i).

    Args:
        attraction: a_i > 0, shape (users, items).
        value: v_i if opened, may be negative, (users, items).
        no_click: Weight of opening nothing, > 0.
        position_weights: p_k, not increasing, (slate_size,).
        iterations: Rounds.

    Returns:
        Item positions, best first, (users, slate_size).
    """
    return top_k(slate_gains(attraction, value, no_click, position_weights, iterations - 1), len(position_weights))


def slate_gains(
    attraction: Float, value: Float, no_click: float, position_weights: Float, iterations: int = 2
) -> Float:
    """Worth of a place in the slate: a_i (v_i - z), z the best slate's expected value, (users, items).

    Dinkelbach's method (1967) for ratios: given a guess z of the best ratio, the best slate holds the largest
    a_i (v_i - z), best first; its own ratio is the next guess. Two or three rounds suffice from z = 0. Arguments as
    of ``optimal_slates``.

    Raises:
        ValueError: If the slate is larger than the catalogue.
        UnrankedError: If an item's worth is NaN.
    """
    if len(position_weights) > attraction.shape[1]:
        raise ValueError(f"Cannot choose the best {len(position_weights)} of {attraction.shape[1]} items.")
    weighted = warm.empty(attraction.shape, np.result_type(attraction, value))
    np.multiply(attraction, value, out=weighted)
    check_scores(weighted)
    gains, room = weighted, warm.like(weighted)  # one array for all rounds
    for _ in range(iterations):
        slates = largest(gains, len(position_weights))
        weights = np.take_along_axis(attraction, slates, axis=1) * position_weights  # (users, slate_size)
        earned = weights * np.take_along_axis(value, slates, axis=1)
        ratio = earned.sum(axis=1, keepdims=True) / (no_click + weights.sum(axis=1, keepdims=True))
        gains = np.multiply(attraction, -ratio, out=room)
        gains += weighted
    return gains
