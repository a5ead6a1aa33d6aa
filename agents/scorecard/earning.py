"""Measures of what a policy earns: with the next page, in the long run, in all."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from driftrec.agents.evaluation.play import brought
from driftrec.agents.scorecard.trial import Measured, Trial
from driftrec.agents.worlds.kits import kit_of

LATE = 30
"""Pages after which the long term begins; in a shorter episode half of it."""


def earned(trial: Trial) -> Measured:
    """Engagement of all steps."""
    return _earned_from(trial, 0)


def earned_late(trial: Trial) -> Measured:
    """Engagement after the first ``LATE`` pages, or after half of a short episode; of those who left before, none."""
    return _earned_from(trial, min(LATE, trial.steps // 2))


def earned_next(trial: Trial) -> Measured:
    """Engagement of a page minus that of the myopic oracle's in its place, mean over a user's pages.

    Both pages meet the same user and noise, so that nothing counts but the next step: not how well the policy has
    treated the user before.
    """
    world, oracle = trial.setup.world, _told(kit_of(trial.setup).myopic_oracle(trial.setup), trial)
    total, pages = np.zeros(len(trial.seeds)), np.zeros(len(trial.seeds))
    state, steps = trial.play()
    before, best = copy.deepcopy(state), oracle(state)
    for step in steps:
        pages[step.present] += 1.0
        total += step.feedback.reward() - brought(world, before, best)
        before, best = copy.deepcopy(state), oracle(state)
    return Measured(total / pages)  # the first page has everybody


def _told(oracle: Any, trial: Trial) -> Any:
    """What the oracle would show users in a state."""
    oracle.reset(len(trial.seeds), trial.seed)

    def slates(state: Any) -> Any:
        oracle.see(copy.deepcopy(state))
        return oracle.act(trial.setup.world.observe(state))

    return slates


def _earned_from(trial: Trial, first: int) -> Measured:
    """Engagement from step ``first`` on."""
    total = np.zeros(len(trial.seeds))
    _, steps = trial.play()
    for step in steps:
        if step.number >= first:
            total += step.feedback.reward()
    return Measured(total)
