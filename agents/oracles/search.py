"""Parameters of a policy by simulation: the cross-entropy method over plain vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.evaluation.play import mean_engagement
from driftrec.agents.oracles.cross_entropy import cross_entropy, one_by_one
from driftrec.agents.policy import Policy
from driftrec.simulators import noise
from driftrec.simulators.world import World

Vector = NDArray[np.float64]
Make = Callable[[Vector], Policy]
"""A policy of parameters."""


@dataclass(frozen=True)
class Budget:
    """How hard to search.

    Attributes:
        users: Users that each candidate meets, the same for all.
        rounds: Rounds.
        samples: Candidates a round, of which the best quarter sets the next.
        seed: Source of users and candidates.
    """

    users: int = 200
    rounds: int = 8
    samples: int = 16
    seed: int = 0


def search_weights(
    world: World[Any],
    make: Make,
    start: Vector,
    spread: Vector,
    horizon: int,
    budget: Budget = Budget(),
    report: Callable[[str], None] = lambda line: None,
) -> tuple[Vector, float]:
    """The best parameters met by the cross-entropy method (Rubinstein, 1999), and what they earned.

    Args:
        world: Where.
        make: Makes the policy of parameters.
        start: Parameters tried first.
        spread: Standard deviation of the first round's candidates around them; 0 keeps one as it is.
        horizon: Steps of an episode.
        budget: How hard.
        report: Called with a line a round.
    """
    users = noise.user_seeds(budget.seed, "search", budget.users)
    most = -np.inf

    def earned(vector: Vector) -> float:
        return mean_engagement(world, make(vector), users, horizon)

    def tell(index: int, centre: Vector, best: Vector, found: float) -> None:
        nonlocal most
        most = found
        report(f"round {index + 1} of {budget.rounds}: {most:.1f} {world.unit} with {best.round(2).tolist()}")

    best = cross_entropy(
        one_by_one(earned),
        start.astype(float),
        spread.astype(float),
        rng=np.random.default_rng(budget.seed),
        rounds=budget.rounds,
        samples=budget.samples,
        narrowing=(0.5, 0.5),  # slowly: elites are few
        again=True,
        report=tell,
    )
    return best, most
