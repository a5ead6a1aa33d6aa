"""Oracles appraise every item for every user: some users at a time, so that memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from driftrec.agents.baselines.common import row_chunks
from driftrec.agents.policy import Slates
from driftrec.simulators.world import part


def by_parts(best: Callable[[Any], Slates], state: Any, num_items: int) -> Slates:
    """Slates for the users of ``state``, (users, slate_size), from ``best`` of some of them after others."""
    users = next(len(value) for value in vars(state).values() if isinstance(value, np.ndarray))
    runs = list(row_chunks(users, num_items))
    return best(state) if len(runs) == 1 else np.concatenate([best(part(state, rows)) for rows in runs])
