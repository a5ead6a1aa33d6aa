"""The measure of a policy while it is made or tuned: its mean engagement on fixed users, and what that took."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.evaluation.play import play
from driftrec.agents.policy import Policy
from driftrec.simulators.world import World


def mean_engagement(world: World[Any], policy: Policy, seeds: NDArray[np.uint64], horizon: int) -> float:
    """Mean engagement a user over an episode of ``horizon`` steps, in the world's unit.

    Args:
        world: Where.
        policy: Serves.
        seeds: One a user.
        horizon: Steps, at least 1.

    Raises:
        TypeError, ValueError: As of ``play``, and whatever the policy raises.
    """
    return tried(world, policy, seeds, horizon)[0]


def tried(world: World[Any], policy: Policy, seeds: NDArray[np.uint64], horizon: int) -> tuple[float, int]:
    """``mean_engagement``, and the environment steps that all users together took before they left."""
    total, taken = 0.0, 0
    _, steps = play(world, policy, seeds, horizon=horizon, seed=0)
    for step in steps:
        taken += step.present.size
        total += float(step.feedback.reward().sum())
    return total / len(seeds), taken
