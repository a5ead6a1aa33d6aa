"""The slate of highest expected value under a multinomial logit with position bias."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines.common import top_k

Float = NDArray[np.float32]


def best_slates(
    attraction: Float, value: Float, no_click: float, position_weights: Float, iterations: int = 3
) -> NDArray[np.int64]:
    """Slates that maximise  sum_k p_k a_i v_i / (no_click + sum_k p_k a_i).

    Dinkelbach's method (1967) for ratios: given a guess z of the best ratio, the best slate holds the largest
    a_i (v_i - z), best first; its own ratio is the next guess. Two or three rounds suffice from z = 0.

    Args:
        attraction: a_i > 0, shape (users, items).
        value: v_i if opened, may be negative, (users, items).
        no_click: Weight of opening nothing, > 0.
        position_weights: p_k, not increasing, (slate_size,).
        iterations: Rounds.

    Returns:
        Item positions, best first, (users, slate_size).
    """
    weighted = attraction * value
    ratio = np.zeros((len(value), 1), np.float32)
    for _ in range(iterations):
        slates = top_k(weighted - attraction * ratio, len(position_weights))
        weights = np.take_along_axis(attraction, slates, axis=1) * position_weights  # (users, slate_size)
        earned = weights * np.take_along_axis(value, slates, axis=1)
        ratio = earned.sum(axis=1, keepdims=True) / (no_click + weights.sum(axis=1, keepdims=True))
    return slates
