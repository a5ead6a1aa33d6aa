"""Users of a world in the place of a log's: they are shown what those were shown, and live by the world's numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.evaluation.play import Step, play
from driftrec.agents.fitting_worlds.lives import LoggedUsers, SlateRows, assembled
from driftrec.agents.policy import Observation, Policy, Slates
from driftrec.simulators.fitted.fitted_world import FittedWorld
from driftrec.simulators.fitted.parameters import FittedParameters
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.vectors import Float

LONGER = 2
"""Lives of the world end after so many times the slates of the log's longest, if nothing else ends them."""

SURE = -60.0
"""Utility of opening nothing, where what was passed over is not known: a slate of one is always opened."""


class _ShownAgain:
    """Shows each user what the log's user was shown, one slate after the other; then slates drawn from the log."""

    def __init__(self, lives: LoggedUsers) -> None:
        assert lives.shown is not None
        heads = lives.heads
        self._shown = lives.shown[heads]
        self._first = np.searchsorted(lives.user[heads], np.arange(len(lives.users)))
        self._count = np.bincount(lives.user[heads], minlength=len(lives.users))

    def reset(self, num_users: int, seed: int) -> None:
        """From the first slate."""
        self._step, self._rng = 0, np.random.default_rng(seed)

    def act(self, observation: Observation) -> Slates:
        """The next slates."""
        drawn = self._rng.integers(len(self._shown), size=len(self._count))
        rows = np.where(self._step < self._count, self._first + self._step, drawn)
        self._step += 1
        return self._shown[rows]


class _PickedFromAll:
    """Shows each user one item, drawn as if all had been on offer: told the true utilities, for it stands for users.

    Args:
        world: Of slates of one.
    """

    def __init__(self, world: FittedWorld) -> None:
        self._world = world

    def reset(self, num_users: int, seed: int) -> None:
        """Start over."""
        self._rng = np.random.default_rng(seed)

    def see(self, state: Any) -> None:
        """The users, as they are."""
        utility = self._world.utility(state)
        self._item = (utility + self._rng.gumbel(size=utility.shape)).argmax(axis=1)

    def act(self, observation: Observation) -> Slates:
        """What they take."""
        return self._item[:, None]


def relived(lives: LoggedUsers, parameters: FittedParameters, own: Float, seed: int) -> LoggedUsers:
    """As many lives in a world, with the log's exposure and for as long as the log watched its users.

    Where the log does not tell what was passed over, users take one item after the other from all there are.

    Args:
        lives: The log.
        parameters: The world; its items are the log's.
        own: Own interest of every user, (users, dims).
        seed: Source of randomness.
    """
    policy: Policy
    if lives.shown is None:
        world = FittedWorld(replace(parameters, tastes=replace(parameters.tastes, no_click=SURE)), slate_size=1)
        policy = _PickedFromAll(world)
    else:
        world, policy = FittedWorld(parameters, lives.shown.shape[1]), _ShownAgain(lives)
    longest = int(np.bincount(lives.user[lives.heads]).max())
    until, most = _watched(lives, longest)
    state, steps = play(world, policy, user_seeds(seed, "relived", len(lives.users)), horizon=most, seed=seed)
    state.own[:] = own
    rows = _recorded(steps, until, np.float32(parameters.visits.slate_hours))
    return assembled(lives.items, lives.users, rows, lives.unseen, lives.shown is None)


def _watched(lives: LoggedUsers, longest: int) -> tuple[NDArray[np.float64], int]:
    """Hours that each user was watched for, (users,), and slates at most; without stamps slates alone count."""
    if np.isfinite(lives.unseen).all() and lives.unseen.any():
        last = lives.hours[lives.first[1:] - 1]
        return last + lives.unseen, LONGER * longest
    return np.full(len(lives.users), np.inf), longest


def _recorded(steps: Iterator[Step], until: NDArray[np.float64], slate_hours: np.float32) -> SlateRows:
    """What happened, user by user, up to the hours ``until``."""
    now, session = np.zeros(len(until)), np.ones(len(until), np.int64)
    parts: list[tuple[NDArray[Any], ...]] = []
    for step in steps:
        users = step.present[now[step.present] <= until[step.present]]
        if not users.size:
            break
        told = step.feedback
        feedback = (step.items[users], told.clicks[users], told.engagement[users].astype(float))
        parts.append((users.astype(np.int64), now[users], session[users], *feedback))
        now += told.gap + slate_hours
        session += told.ended
    columns = [np.concatenate(each) for each in zip(*parts, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    return SlateRows(*(column[order] for column in columns))
