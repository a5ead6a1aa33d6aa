"""A log as arrays: one row a user, the user's slates in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.logbook.log_reader import WHO, Log

Double = NDArray[np.float64]


@dataclass(frozen=True)
class LoggedLives:
    """What users were shown and did; steps after a user's last slate hold item -1, 0 and False.

    Attributes:
        file: Where the log is from.
        items: Places in the catalogue, (users, steps, slate_size).
        clicks: bool, (users, steps, slate_size).
        engagement: In the world's unit, (users, steps, slate_size).
        there: Whether there was such a slate, bool, (users, steps).
        hours: When it was shown, since the first, (users, steps).
        session: From 1, (users, steps).
        picks: Chance of every pick given those above it, (users, steps, slate_size); None where not logged.
        places: Chance of every item at its position, the same shape; None where not logged.
        seeds: Of simulated users, uint64, (users,); None of others.
        notes: What was done to the log, in sentences.
    """

    file: str
    items: NDArray[np.int64]
    clicks: NDArray[np.bool_]
    engagement: Double
    there: NDArray[np.bool_]
    hours: Double
    session: NDArray[np.int64]
    picks: Double | None
    places: Double | None
    seeds: NDArray[np.uint64] | None
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.items)

    def followed(self, away: float, session_gap: float) -> LoggedLives:
        """With one step more for everybody, of which nothing is known but the time: ``away`` hours after the last.

        Args:
            away: Hours, not negative.
            session_gap: Hours after which it is in a new session.
        """
        users = len(self)
        number, whose = self.there.sum(axis=1), np.arange(users)
        fills = {"items": -1, "clicks": False, "engagement": 0.0, "there": False, "hours": 0.0, "session": 0}
        told: dict[str, Any] = {}
        for name, fill in fills.items():
            array = getattr(self, name)
            more = np.full((users, 1, *array.shape[2:]), fill, array.dtype)
            told[name] = np.concatenate([array, more], axis=1)
        longer = replace(self, picks=None, places=None, seeds=None, **told)
        longer.there[whose, number] = True
        longer.hours[whose, number] = longer.hours[whose, number - 1] + away
        longer.session[whose, number] = longer.session[whose, number - 1] + (away > session_gap)
        return longer

    @property
    def shape(self) -> tuple[int, int, int]:
        """Users, steps, positions of a slate."""
        users, steps, size = self.items.shape
        return users, steps, size


def lives_of(log: Log, ids: Sequence[str]) -> LoggedLives:
    """The lives in what one policy logged, see ``Log.only``.

    Args:
        log: Items all among ``ids``.
        ids: Of the catalogue, in order.

    Raises:
        ValueError: If propensities are logged of some slates alone, or simulated users have seeds in part.
    """
    rows, size = log.rows, log.slate_size
    user = rows.groupby([name for name in WHO if name in rows], sort=False, dropna=False).ngroup().to_numpy()
    step, position = rows["step"].to_numpy(), rows["position"].to_numpy()
    shape = (int(user[-1]) + 1, int(step.max()) + 1, size)

    def placed(values: NDArray[Any], fill: float) -> NDArray[Any]:
        out = np.full(shape, fill, values.dtype)
        out[user, step, position] = values
        return out

    number = pd.Index(ids).get_indexer(pd.Index(rows["item"].to_numpy(object))).astype(np.int64)
    items = placed(number, -1)
    chances = {name: _all_or_none(log, name) for name in ("propensity", "marginal")}
    filled = {name: None if values is None else placed(values, 1.0) for name, values in chances.items()}
    return LoggedLives(
        log.file,
        items,
        placed(rows["clicked"].to_numpy(np.bool_), False),
        placed(rows["engagement"].to_numpy(np.float64), 0.0),
        items[:, :, 0] >= 0,
        placed(rows["time"].to_numpy(np.float64), 0.0)[:, :, 0],
        placed(rows["session"].to_numpy(np.int64), 0)[:, :, 0],
        filled["propensity"],
        filled["marginal"],
        _seeds(log, user),
        log.notes,
    )


def _all_or_none(log: Log, name: str) -> Double | None:
    """A column of chances; None if it is empty, ValueError if it is empty in part."""
    values = log.rows[name].to_numpy(np.float64)
    empty = np.isnan(values)
    if empty.all():
        return None
    if empty.any():
        row = log.rows.iloc[int(np.argmax(empty))]
        raise ValueError(
            f"{log.file}: {name} is empty for user {row['user']!r}, step {row['step']} ({int(empty.sum()):,} rows in "
            "all), and there for others. Log it for all slates of a policy, or drop the column."
        )
    return values


def _seeds(log: Log, user: NDArray[np.integer]) -> NDArray[np.uint64] | None:
    """Seeds of the users; None if no user has one."""
    column = log.rows["user_seed"]
    if column.isna().all():
        return None
    if column.isna().any() or (column.groupby(user).nunique() > 1).any():
        raise ValueError(f"{log.file}: user_seed must be one number a user, for all. Mend the column, or drop it.")
    return column.groupby(user).first().to_numpy(np.uint64)
