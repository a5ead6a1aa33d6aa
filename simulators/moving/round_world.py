"""A world as it is in one round: the same dynamics, with what is on offer, liked and there then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.catalogue import Catalogue, Personas
from driftrec.simulators.moving.course import Course
from driftrec.simulators.moving.kinds import lean, numbered_anew, peopled, within
from driftrec.simulators.vectors import Float
from driftrec.simulators.world import Feedback, Field


class RoundWorld:
    """The world of a round, see ``driftrec.simulators.world.World``.

    New users are drawn by the round's mix of personas and feel its trend. Every step is the base world's own.

    Args:
        course: How the world moves.
        number: Of the round, from 0.

    Attributes:
        base: The world that steps.
        offered: Which items may be shown, bool, (items,); None where observations tell.
    """

    def __init__(self, course: Course, number: int) -> None:
        self.number, self.offered, self.trend = number, course.offered(number), course.trend(number)
        self.base = within(course.world, course.start(number), course.moves.hours)
        self._people, self._directions = course.people(number), course.directions
        self._birth = peopled(self.base, self._people)
        self.num_items: int = self.base.num_items
        self.slate_size: int = self.base.slate_size
        self.unit: str = self.base.unit
        self.one_click: bool = self.base.one_click
        self.catalogue: Catalogue | None = self.base.catalogue
        self.personas: Personas | None = self.base.personas
        self.item_features: Float | None = self.base.item_features

    @property
    def fields(self) -> Mapping[str, Field]:
        """As of the base world."""
        return self.base.fields

    @property
    def topics(self) -> Mapping[str, Float]:
        """As of the base world."""
        return self.base.topics

    @property
    def settled(self) -> Mapping[str, Any]:
        """As of the base world."""
        return self.base.settled

    def check_ends(self) -> None:
        """As of the base world."""
        self.base.check_ends()

    def reset(self, seeds: NDArray[np.uint64]) -> Any:
        """New users of this round, one a seed."""
        state = self._birth.reset(seeds)
        numbered_anew(state, self._people)
        lean(state, self.trend, self._directions)
        return state

    def step(self, state: Any, slates: NDArray[np.int64]) -> Feedback:
        """As of the base world.

        Raises:
            ValueError: If an item is not on offer; names the user.
        """
        if self.offered is not None and not (fits := self.offered[slates]).all():
            user, position = np.argwhere(~fits)[0]
            raise ValueError(
                f"User {user}, position {position}: item {slates[user, position]} is not on offer in round "
                f"{self.number}; show what Context.withheld does not name."
            )
        return self.base.step(state, slates)

    def observe(self, state: Any) -> dict[str, NDArray[Any]]:
        """As of the base world."""
        return self.base.observe(state)

    def reveal(self, state: Any) -> dict[str, NDArray[Any]]:
        """As of the base world."""
        return self.base.reveal(state)

    def expected_engagement(self, state: Any) -> Float:
        """As of the base world, 0 of what is not on offer."""
        expected = self.base.expected_engagement(state)
        if self.offered is not None:
            expected[:, ~self.offered] = 0.0
        return expected
