"""Training logs in run folders: what they hold, and several of them together."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from driftrec.agents.evaluation.named_tables import read_table

CURVE_FILE = "curve.csv"
"""In the run folder of a training."""

MEASURE = "mean_episode_engagement"
COLUMNS = ("stage", "env_steps", "seconds", MEASURE)
RUN = "run"
SEED = "training_seed"
TYPES = {RUN: "str", "stage": "str"}
"""A run folder may be called "007" or "nan"."""


def checked_curve(curve: pd.DataFrame) -> pd.DataFrame:
    """The lines of a training log that hold a measurement.

    Args:
        curve: Columns ``COLUMNS`` and, where there are several runs, ``run`` or ``training_seed``.

    Raises:
        ValueError: If a column is missing or nothing was measured.
    """
    missing = [column for column in COLUMNS if column not in curve.columns]
    if missing:
        raise ValueError(f"The training curve lacks the columns {missing}.")
    logged = curve.dropna(subset=[MEASURE])
    if logged.empty:
        raise ValueError(f"The training curve holds no {MEASURE}: nothing was measured.")
    return logged


def split_runs(curve: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """One table per run, or per training seed where runs are not named; without either the log is one run, "0"."""
    by = RUN if RUN in curve.columns else SEED
    if by not in curve.columns:
        return {"0": curve}
    return {str(name): curve[curve[by] == name] for name in sorted(curve[by].unique())}


def read_curves(runs: Iterable[str | Path]) -> pd.DataFrame | None:
    """The training logs in the folders ``runs``, each once; None where there is nothing to draw.

    A run that was stopped before its first measurement has an empty log. The column ``run`` tells the logs apart:
    two runs may have the same training seed.
    """
    logs = []
    for run in dict.fromkeys(map(str, runs)):
        file = Path(run) / CURVE_FILE
        log = read_table(file, TYPES) if file.is_file() else pd.DataFrame()
        if MEASURE in log and log[MEASURE].notna().any():
            logs.append(log if RUN in log else log.assign(**{RUN: run}))
    return pd.concat(logs, ignore_index=True) if logs else None
