"""Logged slates of users in any order, laid out as lanes that users follow each other in."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from driftrec.agents.ranker.protocol import Logs

LANES = 64
"""Of a log, at most."""


def in_lanes(rows: Logs, user: NDArray[np.int64], step: NDArray[np.int64]) -> Logs:
    """Lives one behind the other, leading axes (steps, lanes).

    A lane may begin in the midst of a life, and a rest that fills no step of all lanes is left out.

    Args:
        rows: One leading axis.
        user: Whose each is.
        step: Order of a user's.
    """
    order = np.lexsort((step, user))
    lanes = min(LANES, len(order))
    steps = len(order) // lanes
    chosen = torch.from_numpy(order[: steps * lanes])

    def laid(values: Tensor) -> Tensor:
        return values[chosen].unflatten(0, (lanes, steps)).transpose(0, 1).contiguous()

    seen = {name: laid(value) for name, value in rows.seen.items()}
    return Logs(seen, laid(rows.shown), laid(rows.clicks), laid(rows.engagement), laid(rows.over))
