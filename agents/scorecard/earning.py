"""Measures of what a policy earns: with the next page, in the long run, in all."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from driftrec.agents.evaluation.play import brought
from driftrec.agents.scorecard.sitting import Measured, Sitting
from driftrec.agents.worlds.kits import kit_of

LATE = 30
"""Pages after which the long term begins; in a shorter episode half of it."""


def earned(sitting: Sitting) -> Measured:
    """Engagement of all steps."""
    return _earned_from(sitting, 0)


def earned_late(sitting: Sitting) -> Measured:
    """Engagement after the first ``LATE`` pages, or after half of a short episode; of those who left before, none."""
    return _earned_from(sitting, min(LATE, sitting.steps // 2))


def earned_next(sitting: Sitting) -> Measured:
    """Engagement of a page minus that of the myopic oracle's in its place, mean over a user's pages.

    Both pages meet the same user and noise, so that nothing counts but the next step: not how well the policy has
    treated the user before.
    """
    world, oracle = sitting.setup.world, _told(kit_of(sitting.setup).myopic_oracle(sitting.setup), sitting)
    total, pages = np.zeros(len(sitting.seeds)), np.zeros(len(sitting.seeds))
    state, steps = sitting.play()
    before, best = copy.deepcopy(state), oracle(state)
    for step in steps:
        pages[step.present] += 1.0
        total += step.feedback.reward() - brought(world, before, best)
        before, best = copy.deepcopy(state), oracle(state)
    return Measured(total / pages)  # the first page has everybody


def _told(oracle: Any, sitting: Sitting) -> Any:
    """What the oracle would show users in a state."""
    oracle.reset(len(sitting.seeds), sitting.seed)

    def slates(state: Any) -> Any:
        oracle.see(copy.deepcopy(state))
        return oracle.act(sitting.setup.world.observe(state))

    return slates


def _earned_from(sitting: Sitting, first: int) -> Measured:
    """Engagement from step ``first`` on."""
    total = np.zeros(len(sitting.seeds))
    _, steps = sitting.play()
    for step in steps:
        if step.number >= first:
            total += step.feedback.reward()
    return Measured(total)
