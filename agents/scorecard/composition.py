"""Slate composition: what a page brings beyond one of equally good items that chance has put together."""

from __future__ import annotations

import copy

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.evaluation.play import brought
from driftrec.agents.scorecard.trial import Measured, NotHereError, Trial
from driftrec.simulators.vectors import Float

NEAR = 6
"""Places by which an item's equal is away at most, among all items ranked by what they would bring alone."""

DRAWS = 4
"""Pages of equals that every page is held against."""


def composed(trial: Trial) -> Measured:
    """Engagement of the policy's page minus that of pages of equals in random order, mean over steps.

    An item's equal would bring about as much if it were shown alone, to this user now. Both pages meet the same user
    and noise. What is left is the page as a whole: its order, what its items take from one another, and what they add.

    Raises:
        NotHereError: If a page holds one item.
    """
    world = trial.setup.world
    if world.slate_size == 1:
        raise NotHereError("a page holds one item; raise --slate-size")
    draws, total = trial.draws(), np.zeros(len(trial.seeds))
    state, steps = trial.play()
    alone, before = world.expected_engagement(state), copy.deepcopy(state)
    for step in steps:
        page = step.feedback.reward()
        for _ in range(DRAWS):
            total += (page - brought(world, before, equals(alone, step.slates, draws))) / DRAWS
        alone, before = world.expected_engagement(state), copy.deepcopy(state)
    return Measured(total / trial.steps)


def equals(alone: Float, slates: NDArray[np.int64], draws: np.random.Generator) -> NDArray[np.int64]:
    """Slates of other items that would bring about as much each, in random order, (users, slate_size).

    Ranks of all items are shuffled locally, so that no two items of a slate become one.

    Args:
        alone: What every item would bring alone, (users, items).
        slates: Items to replace, (users, slate_size).
        draws: Source of randomness.
    """
    ranked = np.argsort(-alone, axis=1, kind="stable")  # item by rank
    rank = np.empty_like(ranked)
    np.put_along_axis(rank, ranked, np.arange(alone.shape[1])[None], axis=1)
    near = np.argsort(np.arange(alone.shape[1]) + NEAR * draws.random(alone.shape), axis=1)  # rank by rank
    moved = np.take_along_axis(near, np.take_along_axis(rank, slates, axis=1), axis=1)
    return draws.permuted(np.take_along_axis(ranked, moved, axis=1), axis=1)
