"""One log of a whole deployment: what every arm showed in every round, in the format of all logs."""

from __future__ import annotations

from functools import partial

import pandas as pd

from driftrec.agents.logbook.log_writer import LogWriter
from driftrec.agents.rounds.folder import LOG, RoundsFolder
from driftrec.agents.rounds.plan import Deployment


def join_logs(place: Deployment, folder: RoundsFolder, log: LogWriter) -> None:
    """Write the logs of all rounds to one.

    Column "policy" is the arm, "version" the round and the version that served in it, such as "3:ppo-0001", "3" of an
    oracle. Users are named by their seeds, so that who stays has one name in all rounds; "user_seed" is empty, for
    nobody can be simulated again from the seed alone after a round in which the world has moved.

    Args:
        place: The deployment, all of whose rounds are played.
        folder: Holds them.
        log: Takes the rows, inside ``with``.

    Raises:
        ValueError: If a round's log is not there.
    """
    for arm in place.arms:
        for number in range(place.plan.rounds):
            record = folder.record(arm, number)
            if record["slates"]:  # else nobody came
                renamed = partial(_renamed, number=number, version=record["version"])
                log.append(folder.kept(arm, number, LOG), renamed)


def _renamed(rows: pd.DataFrame, number: int, version: str | None) -> pd.DataFrame:
    """A round's rows with the names that they have in the log of all rounds."""
    label = str(number) if version is None else f"{number}:{version}"
    return rows.assign(version=label, user=rows["user_seed"].astype(str), user_seed=None)
