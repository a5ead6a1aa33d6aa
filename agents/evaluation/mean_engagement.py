"""The measure of a policy while it is made or tuned: its mean engagement on fixed users, and what that took."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.policy import Oracle, Policy
from driftrec.simulators.world import World


def mean_engagement(world: World[Any], policy: Policy, seeds: NDArray[np.uint64], horizon: int) -> float:
    """Mean engagement a user over an episode of ``horizon`` steps, in the world's unit.

    Args:
        world: Where.
        policy: Serves; an oracle is shown the state itself, not a copy, and must leave it alone.
        seeds: One a user.
        horizon: Steps, at least 1.
    """
    return tried(world, policy, seeds, horizon)[0]


def tried(world: World[Any], policy: Policy, seeds: NDArray[np.uint64], horizon: int) -> tuple[float, int]:
    """``mean_engagement``, and the environment steps that all users together took before they left."""
    state = world.reset(seeds)
    policy.reset(len(seeds), 0)
    total, steps, gone = 0.0, 0, np.zeros(len(seeds), np.bool_)
    for _ in range(horizon):
        if isinstance(policy, Oracle):
            policy.see(state)
        feedback = world.step(state, policy.act(world.observe(state)))
        steps += int(np.count_nonzero(~gone))
        total += float(feedback.reward().sum())
        gone |= feedback.left
        if gone.all():
            break
    return total / len(seeds), steps
