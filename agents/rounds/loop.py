"""The loop: every arm plays its rounds, each once; what is in the folder is not played again."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from driftrec.agents.engines.engine import Engine, Local, Tell
from driftrec.agents.ranker.fitting import Report
from driftrec.agents.rounds.arms import Arm
from driftrec.agents.rounds.folder import RoundsFolder
from driftrec.agents.rounds.plan import Deployment
from driftrec.agents.rounds.play_round import play_round
from driftrec.agents.rounds.rounds_table import write_tables
from driftrec.agents.rounds.versions import lacking_first, make_first


def play_rounds(
    place: Deployment, folder: RoundsFolder, report: Report, engine: Engine | None = None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Play all rounds that are not in the folder yet; returns the table of rounds and the summary.

    A round of an arm is a function of the plan and of that arm's rounds before it, so that it does not matter when, or
    by which process, it is played.

    Args:
        place: The deployment.
        folder: Where to write, and what is there already.
        report: Called with lines of progress.
        engine: Runs the first trainings, and a round of all arms; this process when omitted.
    """
    engine = engine or Local()
    for _ in engine.map(partial(_make_first, place, folder), lacking_first(place, folder), report):
        pass
    for number in range(place.plan.rounds):
        arms = [arm for arm in place.arms if not folder.done(arm, number)]
        for _ in engine.map(partial(_play, place, folder, number), arms, report):
            pass
        table, told = write_tables(place, folder)
    return table, told


def _make_first(place: Deployment, folder: RoundsFolder, arm: Arm, tell: Tell) -> None:
    make_first(place, folder, arm, tell)


def _play(place: Deployment, folder: RoundsFolder, number: int, arm: Arm, tell: Tell) -> None:
    play_round(place, folder, arm, number, tell)
