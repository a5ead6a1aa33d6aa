"""Impressions as a table: one row a position that a user was shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from driftrec.agents.evaluation.play import Step
from driftrec.simulators.world import World


class Served:
    """Tables of what users are shown, step by step.

    Args:
        world: What serves them.
        users: How many there are.
        ids: Of all items; None for those of the world's catalogue, or their numbers where it has none.

    Attributes:
        ids: Of all items, strings, (items,).
    """

    def __init__(self, world: World[Any], users: int, ids: Sequence[str] | None = None) -> None:
        numbers = [str(item) for item in range(world.num_items)]
        told = numbers if world.catalogue is None else world.catalogue.ids
        self.ids = np.asarray(told if ids is None else ids, object)
        self._hours = np.zeros(users)  # away so far
        self._session = np.ones(users, np.int64)

    def table(self, step: Step) -> pd.DataFrame:
        """One row an impression of users who are there, a user's slate from the top.

        Columns: ``user``, ``step`` of the user, from 0, ``time`` (hours away before the step), ``session`` from 1,
        ``position`` from 0, ``item`` (its id in the catalogue, or its number), ``clicked``, ``engagement`` in the
        world's unit.
        """
        users, feedback = step.present, step.feedback
        items = step.items[users]
        rows = np.repeat(users, items.shape[1])
        table = pd.DataFrame(
            {
                "user": rows,
                "step": step.number,
                "time": self._hours[rows],
                "session": self._session[rows],
                "position": np.tile(np.arange(items.shape[1]), len(users)),
                "item": self.ids[items.ravel()],
                "clicked": feedback.clicks[users].ravel(),
                "engagement": feedback.engagement[users].ravel(),
            }
        )
        self._hours[users] += feedback.gap[users]
        self._session[users] += feedback.ended[users]
        return table
