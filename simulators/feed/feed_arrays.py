"""The arrays that mechanisms of feeds take and give besides those of ``driftrec.simulators.arrays``.

Where a method says that its shape is kept, it is also called with other axes, such as (users, items).
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.arrays import LAST, Array
from driftrec.simulators.vectors import Double, Float

UserDeviation = Annotated[Float, Array("users")]
"""Log-odds or a normal draw, a user."""

UserHour = Annotated[Float, Array("users", low=0, high=23.9)]
"""Hour of the day, a user."""

UserMood = Annotated[NDArray[np.int64], Array("users", np.int64, low=0, below="moods")]
"""A mood, a user."""

UserDirection = Annotated[Float, Array("users dims", unit=True)]
"""Interest of each user's persona, unit vectors."""

UserTraits = Annotated[Float, Array("users dims")]
"""About standard normal in every dimension, a user."""

OpenedDraw = Annotated[Float, Array("opened", low=0, high=LAST)]
"""Uniform in [0, 1), an item opened."""

OpenedFlag = Annotated[NDArray[np.bool_], Array("opened", np.bool_, low=0, high=1)]
"""Yes or no, an item opened."""

OpenedItems = Annotated[NDArray[np.int64], Array("opened", np.int64, low=0, below="items")]
"""What each of them opened."""

OpenedPlaces = Annotated[NDArray[np.int64], Array("opened", np.int64, low=0, below="places")]
"""User and topic as an index into flattened arrays (users, topics)."""

EndedDraw = Annotated[Float, Array("ended", low=0, high=LAST)]
"""Uniform in [0, 1), of those whose session ended."""

EndedFlag = Annotated[NDArray[np.bool_], Array("ended", np.bool_, low=0, high=1)]
"""Yes or no, of those whose session ended."""

TopicAmount = Annotated[Float, Array("users topics", low=0)]
"""Of every user with every topic, >= 0."""

TopicHours = Annotated[Float, Array("users topics", low=1e-3)]
"""Half-lives, > 0, the same."""

TopicDraw = Annotated[Float, Array("users topics", low=0, high=LAST)]
"""Uniform in [0, 1), the same."""

TopicDeviation = Annotated[Float, Array("users topics")]
"""Standard normal, the same."""

ThreeDeviations = Annotated[Float, Array("three users topics")]
"""Three of them."""

TopicLoad = Annotated[Float, Array("users topics", low=0, use="change")]
"""Of every user with every topic, >= 0, changed in place."""

TopicSwitch = Annotated[NDArray[np.bool_], Array("users topics", np.bool_, low=0, high=1, use="change")]
"""On or off, the same, changed in place."""

Satisfied = Annotated[Float, Array("users", low=0, high=1, use="change")]
"""Satisfaction of each user, in [0, 1], changed in place."""

PersonaDirections = Annotated[Float, Array("personas dims", unit=True)]
"""Interest of every persona, unit vectors."""

PersonaTaste = Annotated[Float, Array("personas topics", low=0)]
"""Taste of every persona for every topic, >= 0."""

DoubleDirections = Annotated[Double, Array("topics dims", np.float64, unit=True)]
"""Mean direction of every topic in double precision, unit vectors."""
