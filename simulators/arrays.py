"""The arrays that mechanisms take and give, as types that say axes, kind and range (see ``driftrec.simulators.trial``).

Axes: "users" of a batch; "opened", those of them who open an item in this step, or "ended", whose session ends, often
none; "slate_size", positions; "topics", of the catalogue; "dims", of interest space.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.noise import SMALLEST_CHANCE
from driftrec.simulators.vectors import Float


@dataclass(frozen=True)
class Array:
    """What an array is.

    Attributes:
        axes: Their names, in order, with spaces between them.
        dtype: Type of its numbers.
        low: Least value.
        high: Largest value.
        below: The axis whose size all values are below, of indices.
        unit: Whether all rows have length 1.
        use: What a mechanism may do to it: "read", "change" it in place, or "spend" it as scratch memory.
    """

    axes: str
    dtype: type[np.generic] = np.float32
    low: float = -np.inf
    high: float = np.inf
    below: str | None = None
    unit: bool = False
    use: Literal["read", "change", "spend"] = "read"


LAST = 1.0 - SMALLEST_CHANCE  # the largest uniform draw

Draw = Annotated[Float, Array("users", low=0, high=LAST)]
"""Uniform in [0, 1), a user."""

UserShare = Annotated[Float, Array("users", low=0, high=1)]
"""Satisfaction or a chance of each user, in [0, 1]."""

UserAmount = Annotated[Float, Array("users", low=0)]
"""Hours or minutes of each user, >= 0."""

UserFlag = Annotated[NDArray[np.bool_], Array("users", np.bool_, low=0, high=1)]
"""Yes or no, a user."""

Position = Annotated[NDArray[np.int64], Array("users", np.int64, low=-1, below="slate_size")]
"""A position of the slate, -1 for none, a user."""

OpenedUsers = Annotated[NDArray[np.int64], Array("opened", np.int64, low=0, below="users")]
"""Rows of those who opened an item, each once."""

OpenedTopics = Annotated[NDArray[np.int64], Array("opened", np.int64, low=0, below="topics")]
"""Topic of what each of them opened."""

OpenedDirections = Annotated[Float, Array("opened dims", unit=True)]
"""Position in interest space of what each of them opened, a unit vector."""

OpenedShare = Annotated[Float, Array("opened", low=0, high=1)]
"""In [0, 1], an item opened."""

OpenedCosine = Annotated[Float, Array("opened", low=-1, high=1)]
"""Cosine of the user's interest with an item opened."""

OpenedDeviation = Annotated[Float, Array("opened")]
"""In standard deviations, an item opened: quality, allure, a normal draw."""

OpenedAmount = Annotated[Float, Array("opened", low=0)]
"""Minutes of an item opened, >= 0."""

EndedShare = Annotated[Float, Array("ended", low=0, high=1)]
"""Satisfaction or a chance of those whose session ended, in [0, 1]."""

EndedAmount = Annotated[Float, Array("ended", low=0)]
"""Hours, or an exponential draw, of those whose session ended, >= 0."""

SlateCosine = Annotated[Float, Array("slate_size users", low=-1, high=1)]
"""Cosine of the user's interest with an item shown."""

SlateDeviation = Annotated[Float, Array("slate_size users")]
"""In standard deviations, an item shown."""

SlateShare = Annotated[Float, Array("slate_size users", low=0, high=1)]
"""In [0, 1], an item shown."""

SlateWeight = Annotated[Float, Array("slate_size users", low=0)]
"""Weight in the choice of an item shown, >= 0."""

PositionWeights = Annotated[Float, Array("slate_size", low=0)]
"""Weight of each position, >= 0."""

TopicShare = Annotated[Float, Array("users topics", low=0, high=1, use="change")]
"""Satiation of every user with every topic, in [0, 1], changed in place."""

Interest = Annotated[Float, Array("users dims", unit=True, use="change")]
"""Interest of every user, unit vectors, changed in place."""

Home = Annotated[Float, Array("users dims", unit=True)]
"""Long-term interest of every user, unit vectors."""

Walk = Annotated[Float, Array("users dims", use="spend")]
"""Draws of mean 0 and variance 1."""

TopicDirections = Annotated[Float, Array("topics dims", unit=True)]
"""Mean direction of every topic, unit vectors."""
