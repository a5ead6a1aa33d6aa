"""The floor: slates of items drawn at random."""

from __future__ import annotations

import numpy as np

from driftrec.agents.baselines.common import draw_distinct, step_generator
from driftrec.agents.policy import Context, Observation, Slates, num_users


class Random:
    """Shows distinct items, every ordered slate equally likely, whatever the user did.

    A slate depends on the seed, the step and the user's row, not on the number of rows.

    Args:
        context: What is known of the catalogue.
    """

    def __init__(self, context: Context) -> None:
        self._slate_size = context.slate_size
        withheld = np.zeros(context.num_items, np.bool_) if context.withheld is None else context.withheld
        self._items = np.flatnonzero(~withheld)
        self.reset(num_users=0, seed=0)

    def reset(self, num_users: int, seed: int) -> None:
        """Start the random numbers over from ``seed``."""
        self._seed = seed
        self._step = 0

    def act(self, observation: Observation) -> Slates:
        """Random slates, shape (users, slate_size)."""
        shape = (num_users(observation), self._slate_size)
        uniforms = step_generator(self._seed, self._step).random(shape)
        self._step += 1
        return self._items[draw_distinct(uniforms, len(self._items))]
