"""Personalisation: what a policy earns beyond itself with the histories of its users shuffled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.policy import Observation, Oracle, Policy, Slates
from driftrec.agents.scorecard.earning import earned
from driftrec.agents.scorecard.sitting import Measured, NotHereError, Sitting
from driftrec.simulators.offers import OFFERED
from driftrec.simulators.world import part


def personalised(sitting: Sitting) -> Measured:
    """Engagement of all steps minus that of the same policy that takes every user for another one.

    Shuffled is all that the policy observes of a user, persona and clock, too, and what an oracle is told.

    Raises:
        NotHereError: If candidates come with the request, which are a user's own.
    """
    if OFFERED in sitting.setup.world.fields:
        raise NotHereError("candidates come with the request, so no page can be meant for another user")
    order = sitting.order()
    other = (TakenOracle if isinstance(sitting.policy, Oracle) else Taken)(sitting.policy, order)
    total = np.zeros(len(sitting.seeds))
    _, steps = sitting.play(other)
    for step in steps:
        total += step.feedback.reward()
    own = earned(sitting).users
    return Measured(own - total, known=np.stack([own, total]))


class Taken:
    """A policy that takes every user for another.

    Args:
        policy: Chooses.
        order: Whom each user is taken for, (users,).
    """

    def __init__(self, policy: Policy, order: NDArray[np.intp]) -> None:
        self._policy: Any = policy
        self._order = order

    def reset(self, num_users: int, seed: int) -> None:
        """As the policy does."""
        self._policy.reset(num_users, seed)

    def act(self, observation: Observation) -> Slates:
        """What the policy would show the others."""
        slates: Slates = self._policy.act(self._taken(observation))
        return slates

    def update(
        self, observation: Observation, slates: Slates, clicks: NDArray[np.bool_], engagement: NDArray[np.float32]
    ) -> None:
        """What came of it, as if the others had done it; nothing for a policy that does not learn."""
        if hasattr(self._policy, "update"):
            self._policy.update(self._taken(observation), slates, clicks, engagement)

    def _taken(self, observation: Observation) -> dict[str, NDArray[Any]]:
        return {name: values[self._order] for name, values in observation.items()}


class TakenOracle(Taken):
    """The same of an oracle."""

    def see(self, state: Any) -> None:
        """Be told the state of the others."""
        self._policy.see(part(state, self._order))
