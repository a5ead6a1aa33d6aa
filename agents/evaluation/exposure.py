"""How a policy spreads its impressions over the catalogue: how often each item is shown, how unevenly, how novel."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.evaluation.play import Step


class Exposure:
    """How often every item was shown.

    Args:
        items: How many there are.

    Attributes:
        impressions: Of every item, (items,); the repeat of an item in a slate is none.
    """

    def __init__(self, items: int) -> None:
        self.impressions = np.zeros(items, np.int64)

    def add(self, step: Step) -> None:
        """Count the slates of one step, of the users who were there."""
        rows = np.sort(step.items[step.present], axis=1)
        new = np.ones(rows.shape, np.bool_)
        new[:, 1:] = np.diff(rows, axis=1) > 0
        self.impressions += np.bincount(rows[new], minlength=len(self.impressions))

    def table(self, shown: NDArray[np.bool_]) -> pd.DataFrame:
        """Columns ``item``, ``impressions`` and ``users`` it reached, of those shown; ``shown`` is (users, items)."""
        items = np.flatnonzero(self.impressions)
        reach = shown[:, items].sum(axis=0, dtype=np.int64)
        return pd.DataFrame({"item": items, "impressions": self.impressions[items], "users": reach})


def gini(impressions: NDArray[np.int64], items: int) -> float:
    """How unevenly impressions fall on a catalogue, in [0, 1): 0 if all items have as many, near 1 if one has all.

    ``G = sum_i (2 i - n - 1) x_i / (n sum_i x_i)`` over the n items by ascending impressions x, i from 1.

    Args:
        impressions: Of the items that were shown, (shown,).
        items: All that there are.

    Raises:
        ValueError: If more items were shown than there are, or none.
    """
    if not 0 < len(impressions) <= items:
        raise ValueError(f"{len(impressions)} of {items} items were shown; there must be some, and no more than all.")
    counts = np.concatenate([np.zeros(items - len(impressions)), np.sort(impressions)])
    ranks = 2.0 * np.arange(1, items + 1) - items - 1
    return float((ranks * counts).sum() / (items * counts.sum()))


def novelty(impressions: NDArray[np.int64], reach: NDArray[np.int64], users: int) -> float:
    """Mean surprise of an impression in bits: 0 where every item reaches all users, log2(users) where each but one.

    ``-log2(reach / users)`` is the self-information of Zhou et al. (2010), "Solving the apparent diversity-accuracy
    dilemma of recommender systems", PNAS 107(10), with the policy's own reach as popularity; here its mean over
    impressions.

    Args:
        impressions: Of the items that were shown, (shown,).
        reach: Users that each reached, in 1 .. ``users``, (shown,).
        users: All that there are.
    """
    return float(np.average(-np.log2(reach / users), weights=impressions)) + 0.0  # no -0
