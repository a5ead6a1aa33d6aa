"""Slates of what is on offer: where only some items may be shown at a time, and observations tell which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

OFFERED = "candidates"
"""Key of an observation that tells what may be shown now.

Of a world with texts: items of its catalogue, integers (users, offered). Where items are drawn for every request: their
features, (users, offered, features).
"""

MOMENT = "moment"
"""Key of an observation that tells the hour of the calendar, (users, 1), where items have dates; their ages follow."""

OPENED = "opened"
"""Key of an observation with items that a user has opened, (users, slots), -1 for none, where the world or who recalls
them tells."""


def items_of(observation: Mapping[str, NDArray[Any]], slates: NDArray[np.int64]) -> NDArray[np.int64]:
    """Items of the catalogue that slates hold.

    Args:
        observation: Before the slates were shown, leading axis users; tells what is on offer, or does not.
        slates: Positions, (users, n): among what is on offer, or else in the catalogue; -1 for nothing.
    """
    offered = observation.get(OFFERED)
    if offered is None or offered.ndim != 2:  # candidates that are described and have no place in a catalogue
        return slates
    items = np.take_along_axis(offered, np.maximum(slates, 0), axis=1)
    return np.where(slates < 0, slates, items.astype(np.int64))
