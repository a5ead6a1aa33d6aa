"""Rest and repetition: what a page brings beyond itself, had it been shown all along."""

from __future__ import annotations

import copy
from collections import deque
from typing import Any

import numpy as np

from driftrec.agents.evaluation.play import brought
from driftrec.agents.scorecard.sitting import Measured, NotHereError, Sitting
from driftrec.simulators.offers import OFFERED

LATELY = 5
"""Pages before, in whose place the page is shown."""


def rested(sitting: Sitting) -> Measured:
    """Engagement of a page minus that of the same page had the last ``LATELY`` pages been this one, too.

    The mean over a user's pages. Both users meet the same noise, and differ in nothing but what they were shown lately.
    Who shows one page for ever comes to 0, and so does who shows what nobody opens, for that tires nobody.

    Raises:
        NotHereError: If what may be shown changes from page to page, so that none can be shown again.
    """
    world = sitting.setup.world
    if OFFERED in world.fields:
        raise NotHereError("what is on offer changes from page to page, so none can be shown again")
    total, pages = np.zeros(len(sitting.seeds)), np.zeros(len(sitting.seeds))
    state, steps = sitting.play()
    past: deque[Any] = deque([copy.deepcopy(state)], maxlen=LATELY + 1)  # states before the last pages and this one
    for step in steps:
        if len(past) > LATELY:
            tired = brought(world, past[0], step.slates, times=len(past))
            total += step.feedback.reward() - tired
            pages[step.present] += 1.0
        past.append(copy.deepcopy(state))
    return Measured(total / pages.clip(min=1.0))
