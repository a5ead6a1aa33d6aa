"""The things that every user looked at last: what is on the mind, and what a recommender sees of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import warm
from driftrec.simulators.history import EMPTY, NEVER, age
from driftrec.simulators.vectors import Float

SETTLED = np.float32(-np.inf)
"""Pull of what is not thought of buying: bought, not for sale, or nothing."""


class Minds:
    """A ring of the things looked at last, for many users at once; rows hold them in no fixed order.

    Arrays lie slot by slot in memory, so that a step runs over users.

    Args:
        num_users: Users.
        length: Things remembered.
    """

    def __init__(self, num_users: int, length: int) -> None:
        shape = (length, num_users)
        self.items = np.full(shape, EMPTY, np.int32).T  # (users, slots)
        self.category = np.zeros(shape, np.int64).T
        self.pull = np.full(shape, SETTLED, np.float32).T  # log-odds of a purchase that are the thing's and the user's
        self.money = np.zeros(shape, np.float32).T
        self.days = np.full(shape, NEVER, np.float32).T
        self.next = np.zeros(num_users, np.int64)  # slot

    def add(
        self,
        viewed: NDArray[np.bool_],
        items: NDArray[np.int64],
        category: NDArray[np.int64],
        pull: Float,
        money: Float,
        now: Float,
    ) -> None:
        """Remember what was ``viewed`` of a page, all (slate_size, users) but ``now``, (users,)."""
        length, users = self.items.T.shape
        for k, opened in enumerate(viewed):
            who = np.flatnonzero(opened)
            places = self.next[who] * users + who
            for held, new in zip(self._flat(), (items[k], category[k], pull[k], money[k], now), strict=True):
                held[places] = new[who]
            self.next[who] = (self.next[who] + 1) % length

    def buy(self, users: NDArray[np.int64], slots: NDArray[np.int64], money: Float) -> None:
        """Note that ``users`` (buyers,) bought what is in their ``slots``, each once, for so much."""
        self.money[users, slots] = money
        self.pull[users, slots] = SETTLED

    def observe(self, now: Float) -> dict[str, NDArray[Any]]:
        """Copies: read_items (-1 where none), read_minutes (money), read_age (days), each (users, slots)."""
        return {
            "read_items": warm.copy(self.items.T).T,
            "read_minutes": warm.copy(self.money.T).T,
            "read_age": age(self.days, now),
        }

    def put(self, lanes: NDArray[np.intp], fresh: Minds) -> None:
        """Overwrite the users ``lanes`` with those of ``fresh``."""
        for name, held in vars(self).items():
            held[lanes] = vars(fresh)[name]

    def _flat(self) -> list[NDArray[Any]]:
        """Views of the arrays, slot after slot, in the order of ``add``."""
        return [held.T.reshape(-1) for held in (self.items, self.category, self.pull, self.money, self.days)]
