"""One policy before the users of an experiment, and what is measured of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.evaluation.play import Step, play
from driftrec.agents.policy import Policy
from driftrec.agents.setup import Setup
from driftrec.simulators.vectors import Double


class NotHereError(ValueError):
    """An experiment cannot be made in a world, or with a policy; the message says why."""


@dataclass(frozen=True)
class Sitting:
    """What a measure is told.

    Attributes:
        setup: The world.
        policy: Serves.
        name: What to call it in errors.
        seeds: Of the users, the same for every policy, (users,).
        seed: Of the policy's own draws, and of those of the experiment.
        steps: How many, the horizon at most.
    """

    setup: Setup
    policy: Policy
    name: str
    seeds: NDArray[np.uint64]
    seed: int
    steps: int

    def play(self, policy: Policy | None = None) -> tuple[Any, Iterator[Step]]:
        """``play`` of the policy, or of another in its place."""
        world, served = self.setup.world, policy or self.policy
        return play(world, served, self.seeds, horizon=self.steps, seed=self.seed, name=self.name)

    def draws(self) -> np.random.Generator:
        """Source of what the experiment itself draws, the same for every policy."""
        return np.random.default_rng([self.seed, len(self.seeds)])

    def order(self) -> NDArray[np.intp]:
        """Another user for every user: a ring in random order, (users,)."""
        ring = self.draws().permutation(len(self.seeds))
        order = np.empty_like(ring)
        order[ring] = np.roll(ring, -1)
        return order


@dataclass(frozen=True)
class Measured:
    """What an experiment found of one policy.

    Attributes:
        users: The measure, one number a user, (users,); its mean over users is what is scored.
        fit: Of a jump of interest: how well pages fit before it, then after it page by page, (1 + pages, users).
        pages: Of a jump: engagement of pages after it and who was there, then the same without it, (4, pages, users).
        known: Of personalisation: engagement as who they are, then taken for others, (2, users).
    """

    users: Double
    fit: Double | None = None
    pages: Double | None = None
    known: Double | None = None


Measure = Callable[[Sitting], Measured]
"""Lets a policy serve, and measures."""
