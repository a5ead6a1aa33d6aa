"""What opening an item does to the engagement after it, by the columns of the item, from logs of random slates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from driftrec.agents.ranker.future import engagement_after
from driftrec.agents.ranker.protocol import Logs


def column_future(logs: Logs, gamma: float) -> NDArray[np.float32]:
    """What one more of a column of the item opened does to the discounted engagement after it, (item_width,).

    A ridge regression over the steps of random slates, of the engagement from the next step to the end of the episode
    on the columns of what was opened, none where nothing was. The state before the step, and how long and how
    rewarding the episode has been, take what is not the item's doing. Episodes whose end was not seen are left out.

    Args:
        logs: Of random slates, leading axes (steps, users).
        gamma: Discount a step.
    """
    engagement, over = logs.engagement.sum(dim=2).numpy().astype(np.float64), logs.over.numpy()
    after = engagement_after(engagement, over, gamma)  # (steps, users)
    ends = np.logical_or.accumulate(over[::-1])[::-1]
    opened = (logs.shown * logs.clicks[..., None]).sum(dim=2).numpy()  # (steps, users, item_width)
    known = np.concatenate([opened, logs.seen["state"].numpy(), so_far(engagement, over)], axis=2)
    if not ends.any():
        return np.zeros(opened.shape[2], np.float32)
    return Ridge(alpha=10.0).fit(known[ends], after[ends]).coef_[: opened.shape[2]].astype(np.float32)


def so_far(engagement: NDArray[np.float64], over: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Steps of the episode before each step, and the engagement in them, (steps, users, 2)."""
    totals = np.zeros((*engagement.shape, 2), np.float32)
    for t in range(1, len(engagement)):
        lived = np.stack([np.ones_like(engagement[t]), engagement[t - 1]], axis=1)
        totals[t] = np.where(over[t - 1][:, None], 0.0, totals[t - 1] + lived)
    return totals
