"""Whether what a search has found is the best so far, by users who choose and are not searched on."""

from __future__ import annotations

import numpy as np

from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.evaluation.keep_best import Progress
from driftrec.agents.policy import Policy


class BestSoFar:
    """Measures policies on the users of a curve, and remembers the most that any earned.

    Args:
        curve: Measures; steps are counted on from those that it has.
        kind: What the curve calls it.
        progress: Called after every measurement with steps and the most so far.

    Attributes:
        at: Environment steps after which the best was found.
    """

    def __init__(self, curve: Curve, kind: str, progress: Progress) -> None:
        self._curve, self._kind, self._progress, self._before = curve, kind, progress, curve.env_steps
        self.at, self._most = 0, -np.inf

    def beaten_by(self, policy: Policy, steps: int) -> bool:
        """Whether ``policy``, found after so many environment steps, earns more than any before it."""
        self._curve.env_steps = self._before + steps
        engagement = self._curve.measure(self._kind, policy)
        better = engagement > self._most
        if better:
            self.at, self._most = steps, engagement
        self._progress(steps, self._most)
        return better
