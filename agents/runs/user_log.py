"""A log of users, one's own or anybody's, as what a run learns from first, and as a user to serve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from driftrec.agents.logbook.log_files import Columns
from driftrec.agents.logbook.log_reader import SESSION_GAP, WHO, Log, read_log
from driftrec.agents.logbook.logged_lives import LoggedLives, lives_of
from driftrec.agents.policy import Observation
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.logs import in_lanes
from driftrec.agents.ranker.protocol import Logs, remembered
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.kits import item_ids, kit_of
from driftrec.agents.worlds.observing import observed
from driftrec.simulators.offers import OPENED


def logged_slates(setup: Setup, lives: LoggedLives, judge: Judge) -> Logs:
    """What a log's users were shown and did, as a ranker learns from it: leading axes (steps, lanes).

    Lives stand one behind the other, the last step of each being ``over``; a lane may begin in the midst of one, and a
    rest that fills no step of all lanes is left out.

    Args:
        setup: The world; its items and observations are the log's.
        lives: The log.
        judge: Says what is to be remembered of users and items.
    """
    seen: list[dict[str, torch.Tensor]] = []
    shown, rows = [], []
    for step, observation, slates in observed(setup, lives):
        there = torch.from_numpy(np.flatnonzero(lives.there[:, step]))
        seen.append({name: each[there] for name, each in remembered(judge.ranker, observation).items()})
        shown.append(judge.items.of(observation, slates)[there])
        rows.append(np.column_stack([there.numpy(), np.full(len(there), step)]))
    user, step_of = np.concatenate(rows).T
    told: list[Any] = [lives.clicks[user, step_of], lives.engagement[user, step_of].astype(np.float32)]
    over = step_of == lives.there.sum(axis=1)[user] - 1
    kept = {name: torch.cat([each[name] for each in seen]) for name in seen[0]}
    return in_lanes(Logs(kept, torch.cat(shown), *map(torch.from_numpy, (*told, over))), user, step_of)


def read_for(setup: Setup, file: Path, columns: Columns | None = None) -> LoggedLives:
    """A log of a world's items as lives; errors as of ``read_log``, ``Log.only`` and ``lives_of``."""
    ids = item_ids(setup)
    return lives_of(read_log(file, columns, ids), ids)


def observations_of(setup: Setup, log: Log, user: str, away: float) -> Iterator[Observation]:
    """What is observed of one user of a log at every request, and at one after all that is logged: batches of one.

    Where a world tells what a user has opened, the last observation tells all of it, and not the latest alone.

    Args:
        setup: The world that the policy was trained in; its items are the log's.
        log: Holds the user, under any policy: what several showed counts together, in the order of its times.
        user: Name in the log.
        away: Hours since the user's last slate; beyond half an hour a new session has begun.

    Raises:
        ValueError: If the log does not hold the user, or under several policies without stamps that tell which came
            first; if ``away`` is negative, or the world's observation holds what no log tells.
    """
    if not 0.0 <= away < np.inf:
        raise ValueError(f"--away is {away:g}; hours since the last slate are a number, 0 or more.")
    lives = _life_of(log, user, item_ids(setup))
    *before, last = kit_of(setup).rebuilt(setup, lives.followed(away, SESSION_GAP))
    yield from before
    if OPENED in last:
        last = {**last, OPENED: np.unique(lives.items[lives.clicks])[None].astype(np.int32)}
    yield last


def _life_of(log: Log, user: str, ids: Sequence[str]) -> LoggedLives:
    """What one user was shown by whomever, as one life of ``ids``."""
    mine = log.rows[log.rows["user"] == user]
    if mine.empty:
        some = ", ".join(map(repr, log.rows["user"].unique()[:3]))
        raise ValueError(f"{log.file} holds no user {user!r}; it holds {some} and others.")
    if len(mine[WHO].drop_duplicates()) > 1:
        mine = _joined(mine, log.file, user)
    mine = mine.assign(policy=None, version=None, user_seed=None).sort_values(["time", "slate", "position"])
    mine = mine.assign(step=(mine["position"] == 0).cumsum() - 1).reset_index(drop=True)
    return lives_of(replace(log, rows=mine), ids)


def _joined(mine: pd.DataFrame, file: str, user: str) -> pd.DataFrame:
    """Rows of one user under several policies by one clock, with sessions by its hours."""
    if mine["start"].isna().any():
        raise ValueError(
            f"{file}: several policies or versions served user {user!r}, and hours since the first event of each do "
            "not tell which came first. Log Unix stamps, or keep the rows of one."
        )
    time = mine["time"] + mine["start"] - mine["start"].min()
    mine = mine.assign(time=time).sort_values(["time", "slate", "position"])
    return mine.assign(session=(mine["time"].diff() > SESSION_GAP).cumsum() + 1)
