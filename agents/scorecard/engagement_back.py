"""Engagement after a jump of interest, beside that of the same users without one: a curve with a band."""

from __future__ import annotations

from typing import Any

import numpy as np

from driftrec.agents.evaluation.bootstrap import Values, resampled_curves
from driftrec.agents.scorecard.sitting import Sitting
from driftrec.simulators.vectors import Double

PART = 0.9
"""Of the engagement without a jump, to be regained."""

PAGES = 5
"""A point of the curve is over so many pages, the last of them its own; the first ones over those since the jump."""


def engagement_without(sitting: Sitting, first: int) -> Double:
    """Engagement of every page from ``first`` on, and who was there for it, (2, pages, users), nothing jumping."""
    found = np.zeros((2, sitting.steps, len(sitting.seeds)))
    _, steps = sitting.play()
    for step in steps:
        rows = step.present
        found[0, step.number, rows], found[1, step.number, rows] = step.feedback.reward()[rows], 1.0
    return found[:, first:]


def regaining(pages: Values, impressions: int, seed: int) -> dict[str, Any] | None:
    """The share that pages bring after a jump, of what they bring the same users without one.

        share_t = engagement of a page there / engagement of a page here, of pages t - 4 to t and whoever was there

    Returns:
        "mean", "low" and "high", a number a page from the first after the jump on, low and high the ends of 95 %
        intervals; "page", the impressions of one; "part", what is to be regained, and "after", the impressions until
        it is, mean, low and high, None where never. None in all where pages bring nothing.

    Args:
        pages: As in ``Measured``, (training seeds, 4, pages, users).
        impressions: Of a page.
        seed: Of the resampling.
    """
    means = pages.mean(axis=(0, 3))  # (4, pages)
    drawn = np.stack([resampled_curves(pages[:, part], seed=seed) for part in range(4)])  # (4, resamples, pages)
    if not means[2].any() or not drawn[2].any(axis=1).all():
        return None
    mean, shares = _shares(means[:, None])[0], _shares(drawn)
    low, high = np.quantile(shares, [0.025, 0.975], axis=0)
    ends = {"mean": mean, "low": np.minimum(low, mean), "high": np.maximum(high, mean)}
    told: dict[str, Any] = {name: values.tolist() for name, values in ends.items()}
    return {"page": impressions, "part": PART, **told, "after": _after(mean, shares, impressions)}


def _shares(sums: Values) -> Values:
    """Of curves (4, curves, pages)."""
    there, here, apart, alone = (_over_pages(each) for each in sums)
    return (there / np.maximum(here, 1e-12)) / np.maximum(apart / np.maximum(alone, 1e-12), 1e-12)


def _over_pages(curves: Values) -> Values:
    """Sums over the last ``PAGES`` pages, fewer at the begin."""
    total = np.cumsum(curves, axis=-1)
    total[..., PAGES:] -= total[..., :-PAGES].copy()
    return total


def _after(mean: Values, shares: Values, impressions: int) -> dict[str, float | None]:
    """Impressions until the curve, and every resampled one, has come to ``PART``."""

    def pages(curves: Values) -> Values:
        there = curves >= PART
        return np.where(there.any(axis=1), there.argmax(axis=1) + 1.0, np.inf)

    own = pages(mean[None])[0]
    low, high = np.quantile(pages(shares), [0.025, 0.975], method="nearest")
    told = {"mean": own, "low": min(low, own), "high": max(high, own)}
    return {name: None if np.isinf(value) else float(value * impressions) for name, value in told.items()}
