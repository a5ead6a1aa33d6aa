"""Slate composition: what a page brings beyond one of equally good items that chance has put together."""

from __future__ import annotations

import copy

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.evaluation.play import brought
from driftrec.agents.scorecard.sitting import Measured, NotHereError, Sitting
from driftrec.simulators.vectors import Float

NEAR = 8
"""Items that count as equals: neighbours when all items are ranked by what they would bring alone."""

DRAWS = 4
"""Pages of equals that every page is held against."""


def composed(sitting: Sitting) -> Measured:
    """Engagement of the policy's page minus that of pages of equals in random order, mean over a user's pages.

    An item's equal would bring about as much if it were shown alone, to this user now. Both pages meet the same user
    and noise. What is left is the page as a whole: its order, what its items take from one another, and what they add.

    Raises:
        NotHereError: If a page holds one item.
    """
    world = sitting.setup.world
    if world.slate_size == 1:
        raise NotHereError("a page holds one item; raise --slate-size")
    draws, total, pages = sitting.draws(), np.zeros(len(sitting.seeds)), np.zeros(len(sitting.seeds))
    state, steps = sitting.play()
    ranked, before = _ranked(world.expected_engagement(state)), copy.deepcopy(state)
    for step in steps:
        page = step.feedback.reward()
        pages[step.present] += 1.0
        for _ in range(DRAWS):
            total += (page - brought(world, before, equals(*ranked, step.slates, draws))) / DRAWS
        ranked, before = _ranked(world.expected_engagement(state)), copy.deepcopy(state)
    return Measured(total / pages)


def _ranked(alone: Float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Item by rank and rank by item, best first, both (users, items)."""
    item = np.argsort(-alone, axis=1, kind="stable")
    rank = np.empty_like(item)
    np.put_along_axis(rank, item, np.arange(alone.shape[1])[None], axis=1)
    return item, rank


def equals(
    item: NDArray[np.int64], rank: NDArray[np.int64], slates: NDArray[np.int64], draws: np.random.Generator
) -> NDArray[np.int64]:
    """Slates of other items that would bring about as much each, in random order, (users, slate_size).

    Ranks fall into blocks of ``NEAR`` that begin anywhere, and change places within them, so that no two items of a
    slate become one. Blocks that reach beyond the ends stay as they are.

    Args:
        item: By rank of what it would bring alone, (users, items).
        rank: By item, (users, items).
        slates: Items to replace, (users, slate_size).
        draws: Source of randomness.
    """
    users, items = item.shape
    begin = draws.integers(NEAR, size=(users, 1))
    places = draws.permuted(np.tile(np.arange(NEAR), (users, 1)), axis=1)  # within a block
    old = np.take_along_axis(rank, slates, axis=1)
    first = old - (old - begin) % NEAR
    new = first + np.take_along_axis(places, (old - begin) % NEAR, axis=1)
    new = np.where((first >= 0) & (first + NEAR <= items), new, old)
    return draws.permuted(np.take_along_axis(item, new, axis=1), axis=1)
