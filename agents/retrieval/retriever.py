"""The stage before a judge of items: few candidates for every request of a large catalogue."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.retrieval.largest import largest
from driftrec.simulators.vectors import Float

CANDIDATES = 384
"""Items a request, of which the ``fixed_items`` are the same for all."""

GLOBAL = 32
"""Best items of all among the fixed ones."""

OF_TOPICS = 64
"""Best items of topics among them, as many of each."""


class Retriever(Protocol):
    """Finds what is worth judging."""

    def retrieve(self, told: Any) -> NDArray[np.int64]:
        """Candidates of every user, items of the catalogue, none twice, (users, n).

        Args:
            told: What is known of the users: the state that a ranker makes of them, profiles, or the true state.
        """
        ...


def fixed_items(merit: Float, topics: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Items that are candidates for everybody: the best of all and of every topic, ascending, (fixed,).

    Args:
        merit: Of every item for nobody in particular, (items,).
        topics: Of every item, (items,); None where they have none.
    """
    best = [largest(merit, min(GLOBAL, len(merit)))]
    if topics is not None:
        names = np.unique(topics)
        each = max(OF_TOPICS // len(names), 1)
        members = (np.flatnonzero(topics == name) for name in names[:OF_TOPICS])
        best += [items[largest(merit[items], min(each, len(items)))] for items in members]
    return np.unique(np.concatenate(best))


def fixed_first(fixed: NDArray[np.int64], found: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ``fixed`` items (fixed,) before those ``found`` (users, n) that are none of them, (users, n).

    Of more than there is room for the last found are left out.
    """
    again = np.isin(found, fixed)  # at most len(fixed) in a row
    order = np.argsort(again, axis=1, kind="stable")[:, : found.shape[1] - len(fixed)]
    rest = np.take_along_axis(found, order, axis=1)
    return np.concatenate([np.broadcast_to(fixed, (len(found), len(fixed))), rest], axis=1)
