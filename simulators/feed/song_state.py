"""All there is to know about users of a feed of songs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import warm
from driftrec.simulators.feed.feed_state import FeedState
from driftrec.simulators.vectors import Float


@dataclass
class SongState(FeedState):
    """Users of a feed of songs; leading axis users."""

    heard: Float  # (users, items, 4) side by side what the properties tell: one look at a song brings all of it
    limit: Float  # (users,) wear that wears out
    mood: NDArray[np.int64]  # (users,) an index of MOODS
    streak: Float  # (users,)

    @property
    def familiar(self) -> Float:
        """Familiarity, a view, (users, items)."""
        return self.heard[..., 0]

    @property
    def wear(self) -> Float:
        """Wear when last played, a view, (users, items)."""
        return self.heard[..., 1]

    @property
    def played(self) -> Float:
        """Hour of the last play, 0 where there was none and so no wear, a view, (users, items)."""
        return self.heard[..., 2]

    @property
    def worn(self) -> Float:
        """1 where worn out when last played, else 0, a view, (users, items)."""
        return self.heard[..., 3]


def nothing_heard(num_users: int, num_items: int) -> Float:
    """``SongState.heard`` of users who know no song, (users, items, 4)."""
    return warm.full((num_users, num_items, 4), np.float32(0))
