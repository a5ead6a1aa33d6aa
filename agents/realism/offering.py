"""A fitted world in which only some items are on offer at a time: those that a log says were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from driftrec.simulators.fitted.fitted_state import FittedState
from driftrec.simulators.fitted.fitted_world import FittedWorld
from driftrec.simulators.offers import OFFERED

LOGGED = ("user", "step", "candidates")


class Offering(FittedWorld):
    """Users of a fitted world who are shown what is on offer: user by user what some logged user was offered.

    Args:
        world: The fitted one.
        place: Number there of every item of the catalogue, -1 of one that it lacks, (items,).
        offers: What was on offer, items of the catalogue, (logged users, steps, offered); users take turns.
    """

    def __init__(self, world: FittedWorld, place: NDArray[np.int64], offers: NDArray[np.int64]) -> None:
        super().__init__(world.parameters, world.slate_size)
        self._place, self._offers = place, offers

    def reset(self, seeds: NDArray[np.uint64]) -> FittedState:
        """New users."""
        self.num_items = len(self.parameters.ids)  # of which they remember what they opened
        state = super().reset(seeds)
        self.num_items = self._offers.shape[2]  # of which slates are made
        return state

    def observe(self, state: FittedState) -> dict[str, NDArray[Any]]:
        """As of the fitted world, and what is on offer."""
        return {**super().observe(state), OFFERED: self._now(state)}

    def _items(self, state: FittedState, slates: NDArray[np.int64]) -> NDArray[np.int64]:
        items = self._place[np.take_along_axis(self._now(state), slates, axis=1)]
        if (items < 0).any():
            raise ValueError("A slate holds an item that the fitted world lacks: the log never showed it.")
        return items

    def _now(self, state: FittedState) -> NDArray[np.int64]:
        """What is on offer to each user, (users, offered); at the end of a logged life the last offer stays."""
        users, steps, _ = self._offers.shape
        return self._offers[np.arange(len(state.step)) % users, np.minimum(state.step, steps - 1)]


def logged_offers(file: Path, policy: str, version: str, items: dict[str, int]) -> NDArray[np.int64]:
    """What one policy's users were offered, step by step, (users, steps, offered), and to the end what was last.

    Args:
        file: Parquet.
        policy: Name of it.
        version: Its version.
        items: Number of every item by its id.
    """
    table = pq.read_table(file, columns=list(LOGGED), filters=[("policy", "==", policy), ("version", "==", version)])
    rows = table.to_pandas().dropna(subset=["candidates"])
    users = rows["user"].astype("category").cat.codes.to_numpy()
    told = np.array([[items[item] for item in each] for each in rows["candidates"]])
    offers = np.full((users.max() + 1, rows["step"].max() + 1, told.shape[1]), -1)
    offers[users, rows["step"]] = told
    for step in range(1, offers.shape[1]):
        over = offers[:, step, 0] < 0
        offers[over, step] = offers[over, step - 1]
    return offers
