"""What oracles share: they are told the true state, and appraise every item for some users at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from driftrec.agents.baselines.common import row_chunks
from driftrec.agents.policy import Observation, Policy, Slates
from driftrec.simulators.world import part


class Told:
    """A policy that knows the true state and chooses by it: nothing to forget and nothing random."""

    _state: Any = None

    def reset(self, num_users: int, seed: int) -> None:
        """Nothing to forget and nothing random."""

    def see(self, state: Any) -> None:
        """Be told the true state; called before every ``act``."""
        self._state = state

    @property
    def state(self) -> Any:
        """The state that it has seen; RuntimeError if it has seen none."""
        if self._state is None:
            name = type(self).__name__
            raise RuntimeError(f"{name}.act was called before see(state); oracles need the world's true state.")
        return self._state


def by_parts(best: Callable[[Any], Slates], state: Any, num_items: int) -> Slates:
    """Slates (users, slate_size), from ``best`` of some users after others: memory does not grow with their number."""
    users = next(len(value) for value in vars(state).values() if isinstance(value, np.ndarray))
    runs = list(row_chunks(users, num_items))
    return best(state) if len(runs) == 1 else np.concatenate([best(part(state, rows)) for rows in runs])


class Logged(Told):
    """A policy that is told the truth for the log's sake, whatever it makes of it."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def reset(self, num_users: int, seed: int) -> None:
        """As the policy."""
        self.policy.reset(num_users, seed)

    def see(self, state: Any) -> None:
        """Keep it, and tell the policy if it wants to know."""
        super().see(state)
        if hasattr(self.policy, "see"):
            self.policy.see(state)

    def act(self, observation: Observation) -> Slates:
        """As the policy."""
        return self.policy.act(observation)
