"""A round's traffic: a policy serves the crowd until the round is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from driftrec.agents.evaluation.play import Step, play, play_on
from driftrec.agents.policy import Policy
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.logs import in_lanes
from driftrec.agents.ranker.protocol import Logs, joined, remembered
from driftrec.simulators.moving.course import Course
from driftrec.simulators.moving.crowd import Crowd
from driftrec.simulators.moving.round_world import RoundWorld
from driftrec.simulators.vectors import Double

Tap = Callable[[Step], None]
"""Takes every step that is served."""


@dataclass
class Traffic:
    """What a round came to, each (places,) but the last two.

    Attributes:
        engagement: Of the round, in the world's unit; 0 of those who did not come.
        slates: Shown.
        impressions: Shown.
        fresh: Impressions of items less than a round old.
        fresh_engagement: What these brought.
        lost: Whether the user was lost in the round.
    """

    engagement: Double
    slates: NDArray[np.int64]
    impressions: NDArray[np.int64]
    fresh: NDArray[np.int64]
    fresh_engagement: Double
    lost: NDArray[np.bool_]


def serve_round(
    world: RoundWorld, course: Course, crowd: Crowd, policy: Policy, *, seed: int, name: str, taps: tuple[Tap, ...] = ()
) -> Traffic:
    """Let ``policy`` serve everybody who comes before the round ends; ``crowd`` moves on in place.

    Args:
        world: Of the round.
        course: How the world moves.
        crowd: Who is there.
        policy: Serves.
        seed: Of the policy's own draws.
        name: What to call it in errors.
        taps: Take every step.
    """
    places, until, fresh = len(crowd.seeds), course.start(world.number + 1), course.fresh(world.number)
    count, lost = np.zeros((3, places), np.int64), np.zeros(places, np.bool_)
    gains = np.zeros((2, places))
    for step in play_on(world, policy, crowd.state, lambda: crowd.there(until), seed=seed, name=name):
        rows = step.present
        new = fresh[step.items[rows]]
        for tap in taps:
            tap(step)
        gains[0, rows] += step.feedback.reward()[rows]
        gains[1, rows] += (step.feedback.engagement[rows] * new).sum(axis=1, dtype=np.float64)
        count[:, rows] += np.stack([np.ones(len(rows), np.int64), np.full(len(rows), new.shape[1]), new.sum(axis=1)])
        lost[rows] = step.feedback.left[rows]
    return Traffic(gains[0], count[0], count[1], count[2], gains[1], lost)


class KeptSlates:
    """Takes what a ranker can be fitted to from the slates of the first ``places``.

    Args:
        judge: Says what is to be remembered of users and items.
        places: How many.
    """

    def __init__(self, judge: Judge, places: int) -> None:
        self._judge, self._places = judge, places
        self._parts: list[Logs] = []
        self._users: list[NDArray[np.intp]] = []

    def __call__(self, step: Step) -> None:
        """Take one step."""
        rows = step.present[step.present < self._places]
        if not rows.size:
            return
        observation = {name: value[rows] for name, value in step.observation.items()}
        seen = remembered(self._judge.ranker, observation)
        shown = self._judge.items.of(observation, step.slates[rows])
        feedback = step.feedback
        happened = (feedback.clicks[rows], feedback.engagement[rows], feedback.left[rows])
        self._users.append(rows)
        self._parts.append(Logs(seen, shown, *(torch.from_numpy(np.ascontiguousarray(each)) for each in happened)))

    def logs(self) -> Logs | None:
        """All of it but for a small rest, see ``in_lanes``; None where there was nothing."""
        if not self._parts:
            return None
        step = np.repeat(np.arange(len(self._users)), [len(rows) for rows in self._users])
        return in_lanes(joined(self._parts), np.concatenate(self._users), step)


def held_out_engagement(
    world: Any, policy: Policy, seeds: NDArray[np.uint64], horizon: int, *, seed: int, name: str
) -> Double:
    """Engagement of an episode of every held-out user, (users,); a function of its arguments alone."""
    total = np.zeros(len(seeds))
    _, steps = play(world, policy, seeds, horizon=horizon, seed=seed, name=name)
    for step in steps:
        total[step.present] += step.feedback.reward()[step.present]
    return total
