"""Engagement, retention and behaviour step by step, engagement with bands."""

from __future__ import annotations

import numpy as np
import pandas as pd

from driftrec.agents.evaluation.rollout import Rollout

RESAMPLES = 500


def step_table(rollout: Rollout, seed: int) -> pd.DataFrame:
    """One row a step: mean engagement over all users with a 95 % bootstrap interval, who is left, the behaviour.

    Args:
        rollout: What became of the audience.
        seed: Source of the resamples.
    """
    steps, users = rollout.engagement.shape
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(users, np.full(users, 1.0 / users), size=RESAMPLES).astype(np.float32) / users
    means = weights @ rollout.engagement.T  # (resamples, steps)
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return pd.DataFrame(
        {
            "step": np.arange(steps),
            "engagement": rollout.engagement.mean(axis=1, dtype=np.float64),
            "engagement_low": low,
            "engagement_high": high,
            "alive": rollout.alive,
            **rollout.behaviour,
        }
    )
