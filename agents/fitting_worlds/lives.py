"""A log as lives: what every user was shown and opened, in order, in parts for training, validation and test."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.logbook.log_reader import WHO, Log

TRAIN, VALIDATION, TEST = range(3)
"""Parts of every user's life, in this order."""

CUTS = (0.7, 0.85)
"""Shares of a life at which validation and test begin."""

NOTHING = -1
"""In place of an item where none was opened."""


@dataclass(frozen=True)
class LoggedUsers:
    """Slates in order, user by user.

    Attributes:
        items: Ids.
        users: Names; a user of several policies of the log counts once for each.
        user: Of each slate, (slates,).
        hours: When, since the user's first, (slates,).
        session: The user's visit, (slates,).
        opened: Item opened or ``NOTHING``, (slates,).
        shown: Items of each slate, (slates, slate_size); None where the log tells what was consumed alone.
        engagement: With what was opened, (slates,).
        part: ``TRAIN``, ``VALIDATION`` or ``TEST``, (slates,).
        unseen: Hours from each user's last slate to the end of the log, inf for those known to be gone, (users,).
        notes: What was left out or assumed, a sentence each.
    """

    items: tuple[str, ...]
    users: tuple[str, ...]
    user: NDArray[np.int64]
    hours: NDArray[np.float64]
    session: NDArray[np.int64]
    opened: NDArray[np.int64]
    shown: NDArray[np.int64] | None
    engagement: NDArray[np.float64]
    part: NDArray[np.int64]
    unseen: NDArray[np.float64]
    notes: tuple[str, ...] = ()

    @property
    def first(self) -> NDArray[np.int64]:
        """First slate of every user, and behind them the number of slates, (users + 1,)."""
        return np.searchsorted(self.user, np.arange(len(self.users) + 1))


def told_lives(log: Log, min_events: int = 1) -> LoggedUsers:
    """The lives that a log tells.

    Where every slate holds one item that was opened, as of ratings, the log tells what was consumed and not what was
    passed over: ``shown`` is None, and items opened in fewer than ``min_events`` slates are left out.

    Args:
        log: As it was read.
        min_events: See above.

    Raises:
        ValueError: If several items of a slate were opened, or fewer than two items or users are left.
    """
    size, notes = log.slate_size, list(log.notes)
    clicked = log.rows["clicked"].to_numpy(bool).reshape(-1, size)
    several = clicked.sum(axis=1) > 1
    if several.any():
        raise ValueError(
            f"{log.file}: {several.sum():,} slates have several clicks; worlds whose users open one item of a slate at "
            "most are fitted so far. Keep each slate's first click, or give a row a click."
        )
    consumed = size == 1 and bool(clicked.all())
    rows = log.rows
    if consumed and min_events > 1:
        rare = rows.groupby("item")["user"].transform("size") < min_events
        if rare.any():
            notes.append(f"{rare.sum():,} events left out: of items with fewer than {min_events} (--min-events)")
        rows, clicked = rows[~rare], clicked[~rare.to_numpy()]
    items, number = np.unique(rows["item"].to_numpy(str), return_inverse=True)
    heads = rows.iloc[::size]
    whose = heads[WHO].fillna("").agg("\t".join, axis=1)
    users, user = np.unique(whose.to_numpy(str), return_inverse=True)
    if len(items) < 2 or len(users) < 2:
        raise ValueError(f"{log.file} holds {len(items)} items and {len(users)} users; a fit needs 2 of each at least.")
    order = np.argsort(user, kind="stable")
    shown = number.reshape(-1, size)
    opened = np.where(clicked.any(axis=1), shown[np.arange(len(shown)), clicked.argmax(axis=1)], NOTHING)
    engagement = (rows["engagement"].to_numpy(float).reshape(-1, size) * clicked).sum(axis=1)
    hours = heads["time"].to_numpy(float)[order]
    return LoggedUsers(
        tuple(items.tolist()),
        tuple(users.tolist()),
        user[order],
        hours,
        heads["session"].to_numpy(np.int64)[order],
        opened[order],
        None if consumed else shown[order],
        engagement[order],
        _parts(user[order]),
        _unseen(user[order], hours, heads["start"].to_numpy(float)[order]),
        tuple(notes),
    )


def shuffled(lives: LoggedUsers, seed: int) -> LoggedUsers:
    """The same with what happened in a session in random order; times stay, and so does what is tested.

    Slates change places with others of the same user, session and part alone: whatever is still gained from the past
    does not come from the order in a session, which on rating sites is that of a list on the screen.
    """
    draw = np.random.default_rng(seed).random(len(lives.user))
    order = np.lexsort((draw, lives.part, lives.session, lives.user))
    shown = None if lives.shown is None else lives.shown[order]
    return replace(lives, opened=lives.opened[order], shown=shown, engagement=lives.engagement[order])


def _parts(user: NDArray[np.int64]) -> NDArray[np.int64]:
    """Part of each slate by its place in its user's life."""
    count = np.bincount(user)
    place = np.arange(len(user)) - (np.cumsum(count) - count)[user]
    return np.sum([place >= np.floor(cut * count[user]).clip(1) for cut in CUTS], axis=0)


def _unseen(user: NDArray[np.int64], hours: NDArray[np.float64], start: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hours that a user could have come back in; of logs without stamps, whose lives are equally long, inf if short."""
    last = np.flatnonzero(np.diff(user, append=-1))
    if np.isfinite(start).all():
        end = start + hours
        return np.asarray(end.max() - end[last])
    slates = np.bincount(user)
    return np.where(slates < slates.max(), np.inf, 0.0)
