"""Users of a world in the place of a log's: they are shown what those were shown, and live by the world's numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.evaluation.play import play_while
from driftrec.agents.fitting_worlds.lives import LoggedUsers, SlateRows, assembled, some_of
from driftrec.agents.policy import Slates
from driftrec.simulators.fitted.fitted_state import FittedState
from driftrec.simulators.fitted.fitted_world import FittedWorld
from driftrec.simulators.fitted.parameters import FittedParameters
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.vectors import Float

LONGER = 2
"""Lives of the world end after so many times the slates of the log's longest, if nothing else ends them."""

SURE = -60.0
"""Utility of opening nothing, where what was passed over is not known: a slate of one is always opened."""


class _ShownAgain:
    """What the log's users were shown, one slate after the other; then slates drawn from the log."""

    def __init__(self, lives: LoggedUsers, seed: int) -> None:
        assert lives.shown is not None
        heads = lives.heads
        self._shown, self._rng = lives.shown[heads], np.random.default_rng(seed)
        self._first = np.searchsorted(lives.user[heads], np.arange(len(lives.users)))
        self._count = np.bincount(lives.user[heads], minlength=len(lives.users))

    def __call__(self, state: FittedState, users: NDArray[np.intp], number: int) -> Slates:
        """The slate of this ``number`` for each of the ``users`` whose ``state`` it is."""
        drawn = self._rng.integers(len(self._shown), size=len(self._count))[users]
        return self._shown[np.where(number < self._count[users], self._first[users] + number, drawn)]


class _PickedFromAll:
    """One item that each user takes as if all had been on offer: told the true utilities, for it stands for users."""

    def __init__(self, world: FittedWorld, seed: int) -> None:
        self._world, self._rng = world, np.random.default_rng(seed)

    def __call__(self, state: FittedState, users: NDArray[np.intp], number: int) -> Slates:
        """What the ``users`` whose ``state`` it is take."""
        utility = self._world.utility(state)
        upto = np.cumsum(np.exp(utility - utility.max(axis=1, keepdims=True)), axis=1, dtype=np.float64)
        drawn = self._rng.random((len(users), 1)) * upto[:, -1:]
        return np.asarray((upto <= drawn).sum(axis=1, keepdims=True), np.int64)


def relived(lives: LoggedUsers, parameters: FittedParameters, own: Float, seed: int) -> LoggedUsers:
    """As many lives in a world, with the log's exposure and for as long as the log watched its users.

    Where the log does not tell what was passed over, users take one item after the other from all there are.

    Args:
        lives: The log.
        parameters: The world; its items are the log's.
        own: Own interest of every user, (users, dims).
        seed: Source of randomness.
    """
    return relived_apart(lives, [parameters], np.zeros(len(lives.users), np.int64), own, seed)


def relived_apart(
    lives: LoggedUsers, worlds: Sequence[FittedParameters], whose: NDArray[np.int64], own: Float, seed: int
) -> LoggedUsers:
    """As ``relived``, every user in the one of ``worlds`` that has the number ``whose``, (users,)."""
    parts = []
    for number, parameters in enumerate(worlds):
        users = np.flatnonzero(whose == number)
        rows = _rows_of(some_of(lives, users), parameters, own[users], seed + number)
        parts.append([users[rows.user], *(getattr(rows, each.name) for each in fields(rows)[1:])])
    columns = [np.concatenate(each) for each in zip(*parts, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    rows = SlateRows(*(column[order] for column in columns))
    return assembled(lives.items, lives.users, rows, lives.unseen, lives.shown is None)


def _rows_of(lives: LoggedUsers, parameters: FittedParameters, own: Float, seed: int) -> SlateRows:
    """Slates of a world's lives in place of ``lives``."""
    shown: _PickedFromAll | _ShownAgain
    if lives.shown is None:
        world = FittedWorld(replace(parameters, tastes=replace(parameters.tastes, no_click=SURE)), slate_size=1)
        shown = _PickedFromAll(world, seed)
    else:
        world, shown = FittedWorld(parameters, lives.shown.shape[1]), _ShownAgain(lives, seed)
    state = world.reset(user_seeds(seed, "relived", len(lives.users)))
    state.own[:] = own
    return _recorded(world, state, shown, *_watched(lives, int(np.bincount(lives.user[lives.heads]).max())))


def _watched(lives: LoggedUsers, longest: int) -> tuple[NDArray[np.float64], int]:
    """Hours that each user was watched for, (users,), and slates at most; without stamps slates alone count."""
    if np.isfinite(lives.unseen).all() and lives.unseen.any():
        last = lives.hours[lives.first[1:] - 1]
        return last + lives.unseen, LONGER * longest
    return np.full(len(lives.users), np.inf), longest


def _recorded(
    world: FittedWorld,
    state: FittedState,
    shown: Callable[[FittedState, NDArray[np.intp], int], Slates],
    until: NDArray[np.float64],
    most: int,
) -> SlateRows:
    """What happens, user by user, up to the hours ``until``; who is gone, or not watched any more, is not served."""
    now, session = np.zeros(len(until)), np.ones(len(until), np.int64)
    parts: list[tuple[NDArray[Any], ...]] = []
    for users, slates, told in play_while(world, state, len(until), shown, lambda who: now[who] > until[who], most):
        feedback = (slates, told.clicks, told.engagement.astype(float))
        parts.append((users.astype(np.int64), now[users], session[users], *feedback))
        now[users] += told.gap + np.float32(world.parameters.visits.slate_hours)
        session[users] += told.ended
    columns = [np.concatenate(each) for each in zip(*parts, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    return SlateRows(*(column[order] for column in columns))
