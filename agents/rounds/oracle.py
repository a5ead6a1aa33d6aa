"""The planner of a round: it appraises what is on offer alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from driftrec.agents.oracles.told import Told
from driftrec.agents.policy import Observation, Oracle, Slates
from driftrec.agents.rounds.plan import Deployment
from driftrec.agents.worlds.kit import Effort
from driftrec.agents.worlds.kits import kit_of
from driftrec.simulators.moving.kinds import narrowed, narrowed_state


class OnOffer(Told):
    """An oracle of the world of what is on offer, whose slates are told as items of the whole catalogue.

    Args:
        oracle: Of that world.
        items: What is on offer, (offered,).
    """

    def __init__(self, oracle: Any, items: np.ndarray[Any, np.dtype[np.int64]]) -> None:
        self._oracle, self._items = oracle, items

    def see(self, state: Any) -> None:
        """As the oracle, of what is on offer alone."""
        self._oracle.see(narrowed_state(state, self._items))

    def act(self, observation: Observation) -> Slates:
        """Items of the catalogue, (users, slate_size)."""
        return self._items[self._oracle.act(observation)]


def planner_of(place: Deployment, number: int) -> Oracle:
    """The world's planner, with its weights as they are, in round ``number``."""
    kit, world = kit_of(place.setup), place.world(number)
    planner = kit.planner(place.setup, Effort(), lambda line: None)
    if world.offered is None:
        told: Any = kit.planner_in(planner, world.base)
        return told
    items = np.flatnonzero(world.offered)
    return OnOffer(kit.planner_in(planner, narrowed(world.base, items)), items)
