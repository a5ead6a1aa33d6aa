"""The loop: every arm plays its rounds, each once; what is in the folder is not played again."""

from __future__ import annotations

from typing import Any

import pandas as pd

from driftrec.agents.ranker.fitting import Report
from driftrec.agents.rounds.folder import RoundsFolder
from driftrec.agents.rounds.plan import Deployment
from driftrec.agents.rounds.play_round import play_round
from driftrec.agents.rounds.rounds_table import write_tables
from driftrec.agents.rounds.versions import make_first


def play_rounds(place: Deployment, folder: RoundsFolder, report: Report) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Play all rounds that are not in the folder yet; returns the table of rounds and the summary.

    A round of an arm is a function of the plan and of that arm's rounds before it, so that it does not matter when, or
    by which process, it is played.

    Args:
        place: The deployment.
        folder: Where to write, and what is there already.
        report: Called with lines of progress.
    """
    for arm in place.arms:
        make_first(place, folder, arm, report)
    for number in range(place.plan.rounds):
        for arm in place.arms:
            if not folder.done(arm, number):
                play_round(place, folder, arm, number, report)
        table, told = write_tables(place, folder)
    return table, told
