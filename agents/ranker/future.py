"""What opening an item does to the engagement that comes after it, and how much of that to count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from driftrec.agents.engines.engine import Tell
from driftrec.agents.engines.processes import engine_of
from driftrec.agents.evaluation.play import tried
from driftrec.agents.ranker.fitting import Report
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.setup import Setup
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.world import World


@dataclass(frozen=True)
class FutureSettings:
    """How the engagement to come is learned and counted.

    Attributes:
        gamma: Discount a step.
        weights: Weights that are tried; the best is kept. 0 alone leaves it out.
        users: Users of a try.
    """

    gamma: float = 0.95
    weights: tuple[float, ...] = (0.0,)
    users: int = 128

    def __post_init__(self) -> None:
        check_ranges(self, gamma=(0, 0.9999), users=(1, 1e6))
        if not self.weights:
            raise ValueError(f"{type(self).__name__}.weights is empty; give at least one, such as 0.")


def weigh(
    setup: Setup, judge: Judge, future: NDArray[np.float32], *, seed: int, settings: FutureSettings, report: Report
) -> int:
    """Set the ranker's ``future`` to ``future`` times the weight that serves best.

    Under random slates little is to come, under better ones more: the same item then does more. The one weight that
    makes up for it is found by serving users with each.

    Args:
        setup: World.
        judge: Farsighted; its ranker is changed.
        future: See ``Ranker.future``.
        seed: Source of users.
        settings: How.
        report: Called with a line a weight.

    Returns:
        Environment steps taken.
    """
    users, found, steps = user_seeds(seed, "future weight", settings.users), {}, 0
    jobs = (_Weight(setup.world, judge, future, weight, users, setup.horizon) for weight in settings.weights)
    engine = engine_of(judge.device, setup.world.num_items)
    for weight, (engagement, taken) in zip(settings.weights, engine.map(_weighed, jobs, report), strict=True):
        found[weight] = engagement
        steps += taken
    _count(judge, future, max(found, key=found.__getitem__))
    return steps


@dataclass(frozen=True)
class _Weight:
    """A weight that is to be tried; the others are as in ``weigh`` and in ``tried``."""

    world: World[Any]
    judge: Judge
    future: NDArray[np.float32]
    weight: float
    users: NDArray[np.uint64]
    horizon: int


def _weighed(job: _Weight, tell: Tell) -> tuple[float, int]:
    """What it earns, and environment steps taken."""
    _count(job.judge, job.future, job.weight)
    found, taken = tried(job.world, Greedy(job.judge, job.world.slate_size), job.users, job.horizon)
    tell(f"Weight {job.weight:g} of what is to come: {found:.2f} {job.world.unit} an episode")
    return found, taken


def _count(judge: Judge, future: NDArray[np.float32], weight: float) -> None:
    """Let the judge count ``weight`` times the ``future``."""
    judge.ranker.future.copy_(torch.from_numpy(np.float32(weight) * future))


def engagement_after(engagement: NDArray[np.float64], over: NDArray[np.bool_], gamma: float) -> NDArray[np.float64]:
    """Discounted sum of the engagement of later steps of the same episode, all (steps, lanes)."""
    after = np.zeros_like(engagement)
    for t in range(len(engagement) - 2, -1, -1):
        after[t] = np.where(over[t], 0.0, gamma * (engagement[t + 1] + after[t + 1]))
    return after
