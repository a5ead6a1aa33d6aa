"""What recommenders of texts see of a user's past: impressions, reads and a clock."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.history import EMPTY, History
from driftrec.simulators.reading_list import ReadingList
from driftrec.simulators.vectors import Float
from driftrec.simulators.world import Field

MAX_HOURS = 1e6
"""Where clocks stop, so that observations stay in their space: a hundred years, in hours."""


def past_fields(num_items: int, num_personas: int, history: int, memory: int, longest: float) -> dict[str, Field]:
    """The fields of an observation that the agents' encoder of texts reads.

    Args:
        num_items: Items.
        num_personas: Personas.
        history: Impressions seen.
        memory: Reads seen.
        longest: Most engagement with one item.
    """
    impressions, reads = (history,), (memory,)
    return {
        "persona": Field((1,), np.int32, 0, num_personas - 1),
        "shown": Field(impressions, np.int32, EMPTY, num_items - 1),
        "clicked": Field(impressions, np.int8, 0, 1),
        "engagement": Field(impressions, np.float32, 0, longest),
        "age": Field(impressions, np.float32, 0, MAX_HOURS),
        "read_items": Field(reads, np.int32, EMPTY, num_items - 1),
        "read_minutes": Field(reads, np.float32, 0, longest),
        "read_age": Field(reads, np.float32, 0, MAX_HOURS),
        "clock": Field((4,), np.float32, 0, MAX_HOURS),
    }


class Past:
    """The past of many users at once, who live through one session: what ``past_fields`` names, kept and observed.

    Args:
        persona: Of every user, (users,).
        history: Impressions seen.
        memory: Reads seen.
        slate_size: Positions in a slate.
    """

    def __init__(self, persona: NDArray[np.int32], history: int, memory: int, slate_size: int) -> None:
        self.persona = persona
        self.read = ReadingList(len(persona), memory)
        self.clock = np.zeros((len(persona), 4), np.float32)  # hours, sessions, steps and engagement in session
        self.clock[:, 1] = 1.0
        self._history = History(len(persona), history, slate_size)

    def add(self, slates: NDArray[np.int64], clicks: NDArray[np.bool_], engagement: Float, hours: float) -> None:
        """Append one step of ``hours``: what was shown, opened and how long, each (users, slate_size)."""
        now = self.clock[:, 0]
        self._history.add(slates, clicks, engagement, now)
        for items, opened, engaged in zip(slates.T, clicks.T, engagement.T, strict=True):
            users = np.flatnonzero(opened)
            self.read.add(users, items[users], engaged[users], now[users])
            self.clock[:, 3] += engaged
        self.clock[:, 0] += np.float32(hours)
        self.clock[:, 2] += 1.0
        np.minimum(self.clock, np.float32(MAX_HOURS), out=self.clock)

    def observe(self) -> dict[str, NDArray[Any]]:
        """Copies, see ``past_fields``."""
        now = self.clock[:, 0]
        past = {**self._history.observe(now), **self.read.observe(now)}
        return {"persona": self.persona[:, None].copy(), **past, "clock": self.clock.copy()}

    def put(self, lanes: NDArray[np.intp], fresh: Past) -> None:
        """Overwrite the users ``lanes`` with those of ``fresh``."""
        self.persona[lanes], self.clock[lanes] = fresh.persona, fresh.clock
        self.read.put(lanes, fresh.read)
        self._history.put(lanes, fresh._history)
