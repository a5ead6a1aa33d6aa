"""The users of a fitted world: what they opened, fading, and where they are in their visits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.fitted.parameters import FittedParameters, Tastes
from driftrec.simulators.vectors import Double, Float

RECENT = 512
"""Items that an observation says a user has opened, at most."""


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


class Memory:
    """What users opened, as a world's numbers remember it; a method's ``p`` are that world's parameters.

    Args:
        users: Users.
        p: Of the world.

    Attributes:
        fast: What was opened last.
        session: What was opened in this session.
        slow: What was opened in the past days.
        load: Fading number of items opened by topic, (users, topics).
        bored: Of these, what was too much, (users, topics); the load itself where every opening is.
        habit: Number of items opened by topic, fading over days, (users, topics).
    """

    def __init__(self, users: int, p: FittedParameters) -> None:
        self.fast, self.session, self.slow = (Faded(users, p.vectors.shape[1]) for _ in range(3))
        self.load, self.bored, self.habit = np.zeros((3, users, p.num_topics), np.float32)

    def drift(self, tastes: Tastes) -> Float:
        """What is added to users' own interest, (users, dims)."""
        told = ((tastes.fast, self.fast), (tastes.session, self.session), (tastes.slow, self.slow))
        drift = np.zeros_like(self.fast.sums)
        for weight, memory in told:
            drift += np.float32(weight) * memory.mean()
        return drift

    def liking(self, tastes: Tastes) -> Float:
        """What is added to the utility of every topic, (users, topics)."""
        liking: Float = np.float32(-tastes.satiation) * np.log1p(self.bored)
        if tastes.habit:
            liking += np.float32(tastes.habit) * np.log1p(self.habit)
        return liking

    def open(self, p: FittedParameters, users: NDArray[np.intp], items: NDArray[np.int64]) -> None:
        """Remember one opened item for each of ``users``."""
        half = np.exp2(np.float32(-1.0 / p.tastes.fast_half_life))
        self.fast.sums[users] *= half
        self.fast.mass[users] *= half
        for memory in (self.fast, self.session, self.slow):
            memory.add(users, p.vectors[items])
        topics = p.topic[items]
        self.load[users, topics] += np.float32(1.0)
        self.bored[users, topics] += p.tastes.too_much(self.load[users, topics])
        self.habit[users, topics] += np.float32(1.0)

    def pass_time(self, p: FittedParameters, ended: NDArray[np.bool_], hours: Float, there: NDArray[np.bool_]) -> None:
        """After a slate forget sessions that ``ended``, and let what fades fade by ``hours``; all (users,).

        Only of users who were ``there`` a slate is over.
        """
        self.session.fade((~ended).astype(np.float32))
        self.slow.fade(np.exp2(-hours / np.float32(24.0 * p.tastes.slow_half_life)))
        kept = np.where(there, np.float32(p.tastes.keep), np.float32(1.0))
        left = (kept * np.exp2(-hours / np.float32(p.tastes.satiation_half_life)))[:, None]
        self.load *= left
        self.bored *= left
        self.habit *= np.exp2(-hours / np.float32(24.0 * p.tastes.habit_half_life))[:, None]

    def features(self, tastes: Tastes) -> list[Float]:
        """The three means and log(1 + load), and of ``bored`` and ``habit`` if they count, with leading axis users."""
        told = [self.fast.mean(), self.session.mean(), self.slow.mean(), np.log1p(self.load)]
        told += [np.log1p(self.bored)] if tastes.threshold else []
        return told + ([np.log1p(self.habit)] if tastes.habit else [])

    def put(self, lanes: NDArray[np.intp], fresh: Memory) -> None:
        """Overwrite the users ``lanes`` with those of ``fresh``."""
        for name in ("fast", "session", "slow"):
            getattr(self, name).put(lanes, getattr(fresh, name))
        for name in ("load", "bored", "habit"):
            getattr(self, name)[lanes] = getattr(fresh, name)


class Unkept:
    """In place of a memory that nobody asks for."""

    def put(self, lanes: NDArray[np.intp], fresh: Unkept) -> None:
        """Nothing."""


@dataclass
class FittedState:
    """All there is to know about a batch of users.

    Attributes:
        keys: Streams of noise, (users,).
        step: Slates so far, (users,).
        own: Interest of their own, (users, dims).
        memory: What was opened, by the world's own numbers.
        known: The same by the numbers that the recommender goes by, where they are others.
        opened: Whether each item was opened ever, (users, items).
        visit: Slates and engagement in this session, (users, 2).
        sessions: Sessions that are over, (users,).
        level: How much more than others they engage, in standard deviations, (users,).
        gone: Who is gone for good, (users,).
        marks: What is taken along of what was opened, see ``parameters.Marks``, (users, 3).
        hours: Since the first slate, (users,).
        recent: Items that were opened, the last ``RECENT`` of them, in any order; -1 for none, (users, slots).
        distinct: How many different items were opened ever, (users,).
    """

    keys: NDArray[np.uint64]
    step: NDArray[np.int64]
    own: Float
    memory: Memory
    known: Memory | Unkept
    opened: NDArray[np.bool_]
    visit: Float
    sessions: NDArray[np.int64]
    level: Float
    gone: NDArray[np.bool_]
    marks: Float
    hours: Double
    recent: NDArray[np.int32]
    distinct: NDArray[np.int64]

    def note(self, users: NDArray[np.intp], items: NDArray[np.int64]) -> None:
        """Let each of ``users`` have opened one item."""
        fresh = ~self.opened[users, items]
        users, items = users[fresh], items[fresh]
        self.recent[users, self.distinct[users] % RECENT] = items
        self.distinct[users] += 1
        self.opened[users, items] = True

    def interest(self, tastes: Tastes) -> Float:
        """Where tastes point now, (users, dims)."""
        return self.own + self.memory.drift(tastes)
