"""The best that can be earned in the very next step, knowing everything about the user."""

from __future__ import annotations

from typing import Any

from driftrec.agents.oracles.parts import by_parts
from driftrec.agents.policy import Observation, Slates
from driftrec.agents.ranker.slate_optimiser import optimal_slates
from driftrec.simulators.world import AppraisedWorld


class MyopicOracle:
    """Shows the slate of highest expected engagement now, from the user's true state.

    Args:
        world: The world whose state ``see`` receives; its users choose by a multinomial logit.
    """

    def __init__(self, world: AppraisedWorld[Any]) -> None:
        self.world = world
        self._state: Any = None

    def reset(self, num_users: int, seed: int) -> None:
        """Nothing to forget and nothing random."""

    def see(self, state: Any) -> None:
        """Be told the true state; called before every ``act``."""
        self._state = state

    def act(self, observation: Observation) -> Slates:
        """Slates of highest expected engagement in this step, (users, slate_size)."""
        if self._state is None:
            raise RuntimeError("MyopicOracle.act was called before see(state); oracles need the world's true state.")
        return by_parts(self._best, self._state, self.world.num_items)

    def _best(self, state: Any) -> Slates:
        view = self.world.appraise(state)
        return optimal_slates(view.attraction, view.engagement, view.no_click, view.positions)
