"""What one user was shown and opened under every policy of a comparison, in words: for reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.evaluation.follow import titled
from driftrec.agents.evaluation.impressions import Served
from driftrec.agents.evaluation.play import Step
from driftrec.agents.evaluation.rollout import JOURNEYS
from driftrec.simulators.world import World


class StoryLog:
    """Impressions of the first ``JOURNEYS`` users, of whom one is chosen when all policies have served.

    Args:
        world: What serves them.
        users: How many there are.
        topics: Number of every item's topic in a world without texts, (items,); None where items have none.
    """

    def __init__(self, world: World[Any], users: int, topics: NDArray[Any] | None) -> None:
        self._world, self._topics = world, topics
        self._served = Served(world, users)
        self._tables: list[pd.DataFrame] = []

    def add(self, step: Step) -> None:
        """Note one step."""
        followed = step.present[step.present < JOURNEYS]
        table = self._served.table(replace(step, present=followed))
        self._tables.append(titled(self._world, table, step.items[followed].ravel(), self._topics))

    def table(self) -> pd.DataFrame:
        """One row an impression, columns as of the impressions of ``driftrec.agents.evaluation.follow.Life``."""
        return pd.concat(self._tables, ignore_index=True)


def story_of(user: int, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The impressions of one user under every policy of ``tables``, with a column ``policy``."""
    found = [table[table.user == user].assign(policy=label) for label, table in tables.items()]
    return pd.concat(found, ignore_index=True)


def one_user(journeys: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The followed user who stays longest under the policy that keeps that user least; nobody if none is followed."""
    if all(table.empty for table in journeys.values()):
        return pd.concat(journeys.values(), ignore_index=True).assign(policy=None)
    stays = [table.groupby("user").step.max().rename(label) for label, table in journeys.items()]
    shortest = pd.concat(stays, axis=1).fillna(0).min(axis=1)
    user = int(shortest.index[int(shortest.argmax())])
    picked = [table[table.user == user].assign(policy=label) for label, table in journeys.items()]
    return pd.concat(picked, ignore_index=True)
