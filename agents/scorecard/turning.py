"""How far pages have turned to a new taste, page by page after a jump, with a band."""

from __future__ import annotations

from typing import Any

import numpy as np

from driftrec.agents.evaluation.bootstrap import Values, interval, resampled_curves
from driftrec.agents.scorecard.jump import PART


def turned(fit: Values, impressions: int, seed: int) -> dict[str, Any] | None:
    """Share of the way from "as before the jump" to "as well as the old taste was fitted", page by page.

        turned_t = (fit_t after the jump + fit before it) / (2 fit before it), of means over users and training seeds

    Returns:
        "mean", "low" and "high", a number a page from the first after the jump on, low and high the ends of 95 %
        intervals; "page", the impressions of one; "part", what is to be regained. None where no fit was there to lose.

    Args:
        fit: As in ``Measured``, (training seeds, 1 + pages, users).
        impressions: Of a page.
        seed: Of the resampling.
    """
    if interval(fit[:, 0], seed=seed).low <= 0:
        return None
    mean = _share(fit.mean(axis=(0, 2))[None])[0]
    low, high = np.quantile(_share(resampled_curves(fit, seed=seed)), [0.025, 0.975], axis=0)
    ends = {"mean": mean, "low": np.minimum(low, mean), "high": np.maximum(high, mean)}
    return {"page": impressions, "part": PART, **{name: values.tolist() for name, values in ends.items()}}


def _share(curves: Values) -> Values:
    """Of every curve (curves, 1 + pages)."""
    before = curves[:, :1]
    return (curves[:, 1:] + before) / (2 * before)
