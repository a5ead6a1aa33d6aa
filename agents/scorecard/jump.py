"""Following a jump of interest: all at once every user likes what another has liked; how soon do pages turn?"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.evaluation.bootstrap import Values, interval, resampled_curves
from driftrec.agents.scorecard.engagement_back import engagement_without
from driftrec.agents.scorecard.sitting import Measured, NotHereError, Sitting
from driftrec.agents.worlds.kits import kit_of
from driftrec.simulators.vectors import Double, Float

BEFORE = 20
"""Steps before the jump."""

SETTLED = 10
"""The last of them, by which is told how well pages fitted."""

PART = 0.9
"""Of the fit that the jump turns round, to be regained."""


def followed(sitting: Sitting) -> Measured:
    """How far pages turn from the old taste to the new, mean over the pages after the jump.

        fit_t = mean over the page of (worth of an item by the one taste - by the other)
        followed = mean of fit_t after the jump, by the new taste, + mean of fit_t before it, by the old one

    Worth is what an item would bring alone. A policy that goes on as before comes to 0, and so does one that has no
    eye for users; one that turns at once to twice its fit. Of users who have left pages count as 0.

    Raises:
        NotHereError: If it is not known where the world keeps tastes, or the horizon is too short.
    """
    tastes, setup = kit_of(sitting.setup).changes.tastes, sitting.setup
    if not tastes:
        raise NotHereError("its kit does not tell which arrays of the state are tastes (Changes.tastes)")
    if sitting.steps < 2 * BEFORE:
        raise NotHereError(f"the horizon is {setup.horizon} steps; give {2 * BEFORE} or more")
    order = sitting.order()
    state, steps = sitting.play()
    fit = np.zeros((sitting.steps, len(sitting.seeds)))
    pages = np.zeros((2, *fit.shape))
    other: dict[str, NDArray[Any]] | None = None  # tastes of before the jump
    for number in range(sitting.steps):
        held = {name: getattr(state, name).copy() for name in tastes}
        if number == BEFORE:
            other = held
            for name, values in held.items():
                getattr(state, name)[:] = values[order]
        rival = {name: values[order] for name, values in held.items()} if other is None else other
        gain = _gain(setup.world, state, rival)
        step = next(steps, None)
        if step is None:
            break
        rows = step.present
        pages[0, number, rows], pages[1, number, rows] = step.feedback.reward()[rows], 1.0
        fit[number, rows] = np.take_along_axis(gain, step.slates, axis=1).mean(axis=1, dtype=np.float64)[rows]
    before = fit[BEFORE - SETTLED : BEFORE].mean(axis=0)
    beside = np.concatenate([pages[:, BEFORE:], engagement_without(sitting, BEFORE)])
    return Measured(fit[BEFORE:].mean(axis=0) + before, np.concatenate([before[None], fit[BEFORE:]]), beside)


def _gain(world: Any, state: Any, rival: dict[str, NDArray[Any]]) -> Float:
    """What every item is worth more by the users' taste than by the ``rival`` one, (users, items)."""
    elsewhere = copy.copy(state)
    for name, values in rival.items():
        setattr(elsewhere, name, values)
    return np.subtract(world.expected_engagement(state), world.expected_engagement(elsewhere))


def regained(fit: Values, impressions: int, seed: int) -> dict[str, float | None] | None:
    """Impressions until ``PART`` of the fit is regained, with a 95 % interval; None where none was there to lose.

    A number is None where it is not regained in time.

    Args:
        fit: As in ``Measured``, (training seeds, 1 + pages, users).
        impressions: Of a page.
        seed: Of the resampling.
    """
    if interval(fit[:, 0], seed=seed).low <= 0:
        return None
    resampled = _pages(resampled_curves(fit, seed=seed))
    low, high = np.quantile(resampled, [0.025, 0.975], method="nearest")
    mean = _pages(fit.mean(axis=(0, 2))[None])[0]
    told = {"mean": mean, "low": min(low, mean), "high": max(high, mean)}
    return {name: None if np.isinf(pages) else float(pages * impressions) for name, pages in told.items()}


def _pages(curves: Double) -> Double:
    """First page after the jump whose fit has turned by ``PART``, from 1 on, inf where none has; (curves,)."""
    before, after = curves[:, :1], curves[:, 1:]
    turned = after >= (2 * PART - 1) * before  # from -before to +before
    return np.where(turned.any(axis=1), turned.argmax(axis=1) + 1.0, np.inf)
