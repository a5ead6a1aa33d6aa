"""Rest and repetition: what a page brings beyond one that the same user was shown lately."""

from __future__ import annotations

import copy
from collections import deque

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.evaluation.play import brought
from driftrec.agents.scorecard.sitting import Measured, NotHereError, Sitting
from driftrec.simulators.offers import OFFERED

LATELY = 5
"""Pages that a page is held against."""


def rested(sitting: Sitting) -> Measured:
    """Engagement of the page minus that of the last ``LATELY`` pages if shown again, mean over a user's pages.

    All meet the same user and noise. What is gained is that topics rest and nothing is repeated, as far as this user
    cares.

    Raises:
        NotHereError: If what may be shown changes from page to page, so that none can be shown again.
    """
    world = sitting.setup.world
    if OFFERED in world.fields:
        raise NotHereError("what is on offer changes from page to page, so none can be shown again")
    total, pages = np.zeros(len(sitting.seeds)), np.zeros(len(sitting.seeds))
    past: deque[NDArray[np.int64]] = deque(maxlen=LATELY)
    state, steps = sitting.play()
    before = copy.deepcopy(state)
    for step in steps:
        if past:
            again = sum(brought(world, before, page) for page in past) / len(past)
            total += step.feedback.reward() - again
            pages[step.present] += 1.0
        past.append(step.slates)
        before = copy.deepcopy(state)
    return Measured(total / pages.clip(min=1.0))
