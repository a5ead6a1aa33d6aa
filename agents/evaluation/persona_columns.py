"""Who the users are: persona, and how unlike the average persona it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.simulators.world import World

PERSONA = "persona"
DISTANCE = "persona_distance"


def persona_columns(world: World[Any], state: Any) -> pd.DataFrame:
    """Columns of the episodes table, one row a user, empty in a world without personas.

    ``persona`` is the row of the world's personas, ``persona_distance`` what ``distances`` says of it.
    """
    if world.personas is None:
        return pd.DataFrame(columns=[PERSONA, DISTANCE]).astype({PERSONA: "Int64", DISTANCE: np.float64})
    row = world.observe(state)["persona"][:, 0].astype(np.int64)
    return pd.DataFrame({PERSONA: pd.array(row, dtype="Int64"), DISTANCE: distances(world.personas.interest)[row]})


def distances(interest: NDArray[np.float32]) -> NDArray[np.float64]:
    """1 - cosine between every persona's hidden interest and the mean of all, (personas,), in [0, 2].

    NaN where the mean has no direction: personas that are each other's opposites.

    Args:
        interest: Unit rows, (personas, dims).
    """
    rows = interest.astype(np.float64)
    mean = rows.mean(axis=0)
    length = np.linalg.norm(mean)
    if length < 1e-9:
        return np.full(len(rows), np.nan)
    return 1.0 - rows @ mean / (length * np.linalg.norm(rows, axis=1))
