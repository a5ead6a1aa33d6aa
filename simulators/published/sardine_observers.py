"""What a recommender sees of SARDINE's users: the ideal state, or past slates and clicks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import warm
from driftrec.simulators.history import History
from driftrec.simulators.published.sardine_boredom import Boredom
from driftrec.simulators.published.sardine_config import SardineConfig
from driftrec.simulators.sizes import size
from driftrec.simulators.world import Field

LONGEST_AGE = 1e6
"""Bound of the observation space for ages, in steps."""


class SlateMemory(Protocol):
    """What is kept of the slates that users were shown."""

    def add(self, slates: NDArray[np.int64], clicks: NDArray[np.bool_], steps: NDArray[np.int64]) -> None:
        """Append one slate a user (users, slate_size), shown at ``steps`` (users,)."""
        ...

    def put(self, lanes: NDArray[np.intp], fresh: Any) -> None:
        """Overwrite the users ``lanes`` with those of ``fresh``."""
        ...


class Sight(Protocol):
    """The part of a user's state that observers look at."""

    step: NDArray[np.int64]  # (users,)
    current: NDArray[np.float32]  # (users, topics)
    boredom: Boredom
    past: Any


class Observer(Protocol):
    """One way to look at users."""

    def fields(self, num_items: int, slate_size: int, num_topics: int) -> Mapping[str, Field]:
        """What ``observe`` returns."""
        ...

    def begin(self, num_users: int, slate_size: int) -> SlateMemory:
        """An empty past."""
        ...

    def observe(self, state: Sight, config: SardineConfig) -> dict[str, NDArray[Any]]:
        """Copies, leading axis users."""
        ...


class Forgotten:
    """A past of which nothing is kept."""

    def add(self, slates: NDArray[np.int64], clicks: NDArray[np.bool_], steps: NDArray[np.int64]) -> None:
        """Keep nothing."""

    def put(self, lanes: NDArray[np.intp], fresh: Forgotten) -> None:
        """Nothing to overwrite."""


class IdealState:
    """The published ``IdealState`` wrapper: "user", float32 (3 * topics,).

    Current interest, clicks logged by topic (1 is where boredom begins), and steps until boredom ends (1 is all).
    """

    def fields(self, num_items: int, slate_size: int, num_topics: int) -> Mapping[str, Field]:
        """One vector in [0, 1]."""
        return {"user": Field((3 * num_topics,), np.float32, 0, 1)}

    def begin(self, num_users: int, slate_size: int) -> Forgotten:
        """The state says it all."""
        return Forgotten()

    def observe(self, state: Sight, config: SardineConfig) -> dict[str, NDArray[Any]]:
        """The vector, (users, 3 * topics)."""
        users, topics = state.current.shape
        user = warm.empty((users, 3 * topics), np.float32)
        user[:, :topics] = state.current
        user[:, topics : 2 * topics] = state.boredom.share(config)
        np.divide(state.boredom.timeout, np.float32(config.boredom_window), out=user[:, 2 * topics :])
        return {"user": user}


class SlatesShown:
    """The last slates of every user, newest last, in a ``History`` whose clock counts steps."""

    def __init__(self, num_users: int, length: int, slate_size: int) -> None:
        self._window = History(num_users, length, slate_size)

    def add(self, slates: NDArray[np.int64], clicks: NDArray[np.bool_], steps: NDArray[np.int64]) -> None:
        """Append one slate a user."""
        self._window.add(slates, clicks, clicks.astype(np.float32), steps.astype(np.float32))

    def put(self, lanes: NDArray[np.intp], fresh: SlatesShown) -> None:
        """Overwrite the users ``lanes`` with those of ``fresh``."""
        self._window.put(lanes, fresh._window)

    def observe(self, steps: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """The window at ``steps`` (users,): shown, clicked, age, each (users, length)."""
        seen = self._window.observe(steps.astype(np.float32))
        return {name: seen[name] for name in ("shown", "clicked", "age")}


class PartialState:
    """What the published environment shows without the wrapper, for more than one past slate.

    "shown", "clicked" and "age" (steps since) of the last slates by position, and "hist": clicks logged by topic, 1
    where boredom begins. The slate of the reset is the first of them. ``history=1`` is the published observation.

    Args:
        history: Past slates, at least 1.

    Raises:
        TypeError: If their number is not whole.
        ValueError: If there is none.
    """

    def __init__(self, history: int = 10) -> None:
        self.history = size("history", history, "at least 1 slate")

    def fields(self, num_items: int, slate_size: int, num_topics: int) -> Mapping[str, Field]:
        """Items by position, -1 before the first slate."""
        length = (self.history * slate_size,)
        return {
            "shown": Field(length, np.int32, -1, num_items - 1),
            "clicked": Field(length, np.int8, 0, 1),
            "age": Field(length, np.float32, 0, LONGEST_AGE),
            "hist": Field((num_topics,), np.float32, 0, 1),
        }

    def begin(self, num_users: int, slate_size: int) -> SlatesShown:
        """A window of slates."""
        return SlatesShown(num_users, self.history * slate_size, slate_size)

    def observe(self, state: Sight, config: SardineConfig) -> dict[str, NDArray[Any]]:
        """Window and histogram."""
        return {**state.past.observe(state.step), "hist": np.ascontiguousarray(state.boredom.share(config))}
