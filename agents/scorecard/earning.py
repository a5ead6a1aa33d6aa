"""Measures of what a policy earns: at once, in the long run, in all."""

from __future__ import annotations

import numpy as np

from driftrec.agents.scorecard.trial import Measured, Trial


def earned(trial: Trial) -> Measured:
    """Engagement of all steps."""
    return _between(trial, 0)


def earned_late(trial: Trial) -> Measured:
    """Engagement of the second half of the steps; of those who left before, none."""
    return _between(trial, trial.steps // 2)


def earned_by_page(trial: Trial) -> Measured:
    """Engagement of a page, while the user is there."""
    total, pages = np.zeros(len(trial.seeds)), np.zeros(len(trial.seeds))
    _, steps = trial.play()
    for step in steps:
        total += step.feedback.reward()
        pages[step.present] += 1.0
    return Measured(total / pages)  # the first page has everybody


def _between(trial: Trial, first: int) -> Measured:
    """Engagement from step ``first`` on."""
    total = np.zeros(len(trial.seeds))
    _, steps = trial.play()
    for step in steps:
        if step.number >= first:
            total += step.feedback.reward()
    return Measured(total)
