"""The best that can be earned in the very next step, knowing everything about the user."""

from __future__ import annotations

from typing import Any

from driftrec.agents.oracles.told import Told, by_parts
from driftrec.agents.policy import Observation, Slates
from driftrec.agents.ranker.slate_optimiser import optimal_slates
from driftrec.simulators.world import AppraisedWorld


class MyopicOracle(Told):
    """Shows the slate of highest expected engagement now, from the user's true state.

    Args:
        world: The world whose state ``see`` receives; its users choose by a multinomial logit.
    """

    def __init__(self, world: AppraisedWorld[Any]) -> None:
        self.world = world

    def act(self, observation: Observation) -> Slates:
        """Slates of highest expected engagement in this step, (users, slate_size)."""
        return by_parts(self._best, self.state, self.world.num_items)

    def _best(self, state: Any) -> Slates:
        view = self.world.appraise(state)
        return optimal_slates(view.attraction, view.engagement, view.no_click, view.positions)
