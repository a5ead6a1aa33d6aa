"""A log as lives: what every user was shown and opened, in order, in parts for training, validation and test."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.logbook.log_reader import WHO, Log

TRAIN, VALIDATION, TEST = range(3)
"""Parts of every user's life, in this order."""

CUTS = (0.7, 0.85)
"""Shares of a life at which validation and test begin."""

NOTHING = -1
"""In place of an item where none was opened."""

MOSTLY = 0.9
"""Share of slates of one from which on they are no slates, but what was consumed."""

LATER = -1
"""In place of a part, of a row that tells of one more opening in the slate of a row before it."""


@dataclass(frozen=True)
class LoggedUsers:
    """Slates in order, user by user: a row each, and one more behind it for every opening but the first.

    Attributes:
        items: Ids.
        users: Names; a user of several policies of the log counts once for each.
        user: Of each slate, (slates,).
        hours: When, since the user's first, (slates,).
        session: The user's visit, (slates,).
        opened: Item opened or ``NOTHING``, (slates,).
        shown: Items of each slate, (slates, slate_size); None where the log tells what was consumed alone.
        engagement: With what was opened, (slates,).
        part: ``TRAIN``, ``VALIDATION`` or ``TEST``, (slates,); ``LATER`` of an opening that is not its slate's first.
        unseen: Hours from each user's last slate to the end of the log, inf for those known to be gone, (users,).
        clicks: Positions opened, bool, (slates, slate_size); None where no slate has several.
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
    clicks: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()

    @property
    def first(self) -> NDArray[np.int64]:
        """First slate of every user, and behind them the number of slates, (users + 1,)."""
        return np.searchsorted(self.user, np.arange(len(self.users) + 1))

    @property
    def heads(self) -> NDArray[np.intp]:
        """Rows that stand for a slate, (slates,)."""
        return np.flatnonzero(self.part != LATER)

    def opened_and_shown(self, part: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """How often each item was opened, and at how many positions it was on offer, both (items,).

        Args:
            part: Which slates count. Where the log tells what was consumed alone, all items are on offer in each.
        """
        many, rows = len(self.items), np.flatnonzero(self.part == part)
        opened = self.opened[rows][self.opened[rows] != NOTHING]
        if self.clicks is not None and self.shown is not None:
            opened = self.shown[rows][self.clicks[rows]]
        shown = np.full(many, len(rows))
        if self.shown is not None:
            shown = np.bincount(self.shown[rows].ravel(), minlength=many)
        return np.bincount(opened, minlength=many), shown

    def of_slates(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """``values`` of rows added up by slate, (slates,)."""
        return np.add.reduceat(values, self.heads)


def told_lives(log: Log, min_events: int = 1) -> LoggedUsers:
    """The lives that a log tells.

    Where every slate holds one item that was opened, as of ratings, the log tells what was consumed and not what was
    passed over: ``shown`` is None, and items opened in fewer than ``min_events`` slates are left out.

    Args:
        log: As it was read.
        min_events: See above.

    Raises:
        ValueError: If fewer than two items or users are left.
    """
    size, notes = log.slate_size, list(log.notes)
    _check_engagement(log, notes)
    rows, consumed = _consumed(log, notes)
    if consumed and min_events > 1:
        rows = _frequent(rows, min_events, notes)
    clicked = rows["clicked"].to_numpy(bool).reshape(-1, size)
    items, number = np.unique(rows["item"].to_numpy(str), return_inverse=True)
    heads = rows.iloc[::size]
    whose = heads[WHO].fillna("").agg("\t".join, axis=1)
    users, user = np.unique(whose.to_numpy(str), return_inverse=True)
    if len(items) < 2 or len(users) < 2:
        why = f"{log.file} holds {len(items)} items and {len(users)} users; a fit needs 2 of each at least."
        raise ValueError(" ".join([why, *(f"{note}." for note in notes[len(log.notes) :])]))
    order = np.argsort(user, kind="stable")
    shown, clicked = number.reshape(-1, size)[order], clicked[order]
    engagement = (rows["engagement"].to_numpy(float).reshape(-1, size))[order] * clicked
    user, hours = user[order], heads["time"].to_numpy(float)[order]
    shared = len(users) - rows["user"].nunique()
    if shared:
        notes.append(f"{shared:,} lives of users whom several policies or versions served: each counts as a user's")
    several = clicked.sum(axis=1) > 1
    if several.any():
        notes.append(f"{several.sum():,} slates have several clicks: positions are opened one by one")
    return assembled(
        tuple(items.tolist()),
        tuple(users.tolist()),
        SlateRows(user, hours, heads["session"].to_numpy(np.int64)[order], shown, clicked, engagement),
        _unseen(user, hours, heads["start"].to_numpy(float)[order]),
        consumed,
        tuple(notes),
    )


def _check_engagement(log: Log, notes: list[str]) -> None:
    """Raise ValueError if something brought less than nothing, and note what was not opened and brought more."""
    below = log.rows["engagement"].lt(0)
    if log.clicks_told:
        below &= log.rows["clicked"].astype(bool)
    if below.any():
        least = log.rows["engagement"][below].min()
        raise ValueError(
            f"{log.file}: engagement is {least:g} ({below.sum():,} rows below 0); in a fitted world it is 0 or more. "
            "Leave these rows out, or say by a column clicked what was opened and add as much to all that was."
        )
    idle = int((log.rows["engagement"].gt(0) & ~log.rows["clicked"].astype(bool)).sum())
    if idle:
        notes.append(f"{idle:,} rows whose engagement does not count: nothing was opened")


def _consumed(log: Log, notes: list[str]) -> tuple[pd.DataFrame, bool]:
    """The rows that count, and whether they tell what was consumed and nothing of what was passed over.

    Slates of one of which nearly all were opened, by their engagement, are ratings or plays of which some say 0: these
    are left out. A log that says itself what was opened, or how likely it was to be shown, is taken at its word.
    """
    rows, size = log.rows, log.slate_size
    opened = rows["clicked"].to_numpy(bool)
    offered = rows[["propensity", "candidates"]].notna().any(axis=None)
    if size > 1 or ((log.clicks_told or offered) and not opened.all()):
        return rows, False
    if opened.mean() < MOSTLY:
        notes.append(f"{(~opened).sum():,} events of engagement 0 taken for what was shown and passed over")
        return rows, False
    if not opened.all():
        notes.append(
            f"{(~opened).sum():,} events left out: their engagement is 0, and a log of what was consumed does not tell "
            "what was passed over (a column clicked would)"
        )
    return rows[opened], True


def _frequent(rows: pd.DataFrame, min_events: int, notes: list[str]) -> pd.DataFrame:
    """Rows of items that have so many."""
    rare = rows.groupby("item")["user"].transform("size") < min_events
    if rare.any():
        notes.append(f"{rare.sum():,} events left out: of items with fewer than {min_events} (--min-events)")
    return rows[~rare]


@dataclass(frozen=True)
class SlateRows:
    """Slates in order, user by user, each a row.

    Attributes:
        user: Whose, (slates,).
        hours: When, since the user's first, (slates,).
        session: The user's visit, (slates,).
        shown: Items, (slates, slate_size).
        clicked: Which were opened, (slates, slate_size).
        engagement: That brought, (slates, slate_size).
    """

    user: NDArray[np.int64]
    hours: NDArray[np.float64]
    session: NDArray[np.int64]
    shown: NDArray[np.int64]
    clicked: NDArray[np.bool_]
    engagement: NDArray[np.float64]


def assembled(
    items: tuple[str, ...],
    users: tuple[str, ...],
    slates: SlateRows,
    unseen: NDArray[np.float64],
    consumed: bool,
    notes: tuple[str, ...] = (),
) -> LoggedUsers:
    """``LoggedUsers`` from their slates; ``consumed`` says that what was passed over is not known."""
    slate, place, first = _openings(slates.clicked)
    opened = slates.clicked[slate, place]
    several = bool((slates.clicked.sum(axis=1) > 1).any())
    return LoggedUsers(
        items,
        users,
        slates.user[slate],
        slates.hours[slate],
        slates.session[slate],
        np.where(opened, slates.shown[slate, place], NOTHING),
        None if consumed else slates.shown[slate],
        slates.engagement[slate, place],
        np.where(first, _parts(slates.user)[slate], LATER),
        unseen,
        slates.clicked[slate] if several else None,
        notes,
    )


def some_of(lives: LoggedUsers, users: NDArray[np.int64]) -> LoggedUsers:
    """The lives of some users, in ascending order, numbered anew."""
    rows = np.isin(lives.user, users)
    return replace(
        lives,
        users=tuple(lives.users[user] for user in users),
        user=np.searchsorted(users, lives.user[rows]),
        hours=lives.hours[rows],
        session=lives.session[rows],
        opened=lives.opened[rows],
        shown=None if lives.shown is None else lives.shown[rows],
        engagement=lives.engagement[rows],
        part=lives.part[rows],
        unseen=lives.unseen[users],
        clicks=None if lives.clicks is None else lives.clicks[rows],
    )


def shuffled(lives: LoggedUsers, seed: int) -> LoggedUsers:
    """The same with what happened in a session in random order; times stay, and so does what is tested.

    Slates change places with others of the same user, session and part alone: whatever is still gained from the past
    does not come from the order in a session, which on rating sites is that of a list on the screen.
    """
    heads = lives.heads
    count = np.diff(heads, append=len(lives.user))
    draw = np.random.default_rng(seed).random(len(heads))
    order = np.lexsort((draw, lives.part[heads], lives.session[heads], lives.user[heads]))
    begin = np.repeat(heads[order], count[order])
    within = np.arange(len(begin)) - np.repeat(np.cumsum(count[order]) - count[order], count[order])
    rows = begin + within
    return replace(
        lives,
        hours=np.repeat(lives.hours[heads], count[order]),
        opened=lives.opened[rows],
        shown=None if lives.shown is None else lives.shown[rows],
        clicks=None if lives.clicks is None else lives.clicks[rows],
        engagement=lives.engagement[rows],
        part=lives.part[rows],
    )


def _openings(clicked: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Slate and position of every row, and whether it is the slate's first: one an opening, or one for none."""
    told = clicked.copy()
    told[~clicked.any(axis=1), 0] = True
    slate, place = np.nonzero(told)
    return slate, place, np.diff(slate, prepend=-1) > 0


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
