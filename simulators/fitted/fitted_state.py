"""The users of a fitted world: what they opened, fading, and where they are in their visits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.fitted.parameters import Tastes
from driftrec.simulators.vectors import Float


class Faded:
    """A fading sum of vectors and of their weights, for many users.

    Args:
        users: Users.
        dims: Of a vector.
    """

    def __init__(self, users: int, dims: int) -> None:
        self.sums = np.zeros((users, dims), np.float32)
        self.mass = np.zeros(users, np.float32)

    def mean(self) -> Float:
        """Sum of weighted vectors / (1 + sum of weights), (users, dims): nothing at first, and again once all faded."""
        return self.sums / (np.float32(1.0) + self.mass)[:, None]

    def fade(self, factor: Float) -> None:
        """Multiply all weights by ``factor``, (users,)."""
        self.sums *= factor[:, None]
        self.mass *= factor

    def add(self, users: NDArray[np.intp], vectors: Float) -> None:
        """One vector of weight 1 for each of ``users``, none of them twice."""
        self.sums[users] += vectors
        self.mass[users] += np.float32(1.0)

    def put(self, lanes: NDArray[np.intp], fresh: Faded) -> None:
        """Overwrite the users ``lanes`` with those of ``fresh``."""
        self.sums[lanes], self.mass[lanes] = fresh.sums, fresh.mass


@dataclass
class FittedState:
    """All there is to know about a batch of users.

    Attributes:
        keys: Streams of noise, (users,).
        step: Slates so far, (users,).
        own: Interest of their own, (users, dims).
        fast: What was opened last.
        session: What was opened in this session.
        slow: What was opened in the past days.
        load: Fading number of items opened by topic, (users, topics).
        opened: Whether each item was opened ever, (users, items).
        visit: Slates and engagement in this session, (users, 2).
        gone: Who is gone for good, (users,).
    """

    keys: NDArray[np.uint64]
    step: NDArray[np.int64]
    own: Float
    fast: Faded
    session: Faded
    slow: Faded
    load: Float
    opened: NDArray[np.bool_]
    visit: Float
    gone: NDArray[np.bool_]

    def interest(self, tastes: Tastes) -> Float:
        """Where tastes point now, (users, dims)."""
        interest = self.own.copy()
        for weight, memory in ((tastes.fast, self.fast), (tastes.session, self.session), (tastes.slow, self.slow)):
            interest += np.float32(weight) * memory.mean()
        return interest
