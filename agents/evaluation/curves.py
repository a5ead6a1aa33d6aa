"""Training curves of several runs, which end at different steps, on one grid of steps."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

CURVE_FILE = "curve.csv"
"""In the run folder of a training."""

MEASURE = "mean_episode_engagement"
RUN = "run"
SEED = "training_seed"


def align_curves(curve: pd.DataFrame, *, points: int = 200) -> pd.DataFrame:
    """Mean and range over runs on a common grid of environment steps.

    The grid runs from the earliest first step to the last step of the shortest run. Between its own points a
    run is interpolated linearly; outside of them it does not count.

    Args:
        curve: Training logs with ``env_steps``, ``mean_episode_engagement`` (minutes) and, where there are
            several runs, ``run`` or ``training_seed``.
        points: Number of grid points.

    Returns:
        Columns env_steps, mean, low, high (lowest and highest run, minutes) and runs (runs that count at the
        point).

    Raises:
        ValueError: If the log is empty or lacks a column.
    """
    missing = [column for column in ("env_steps", MEASURE) if column not in curve.columns]
    if missing:
        raise ValueError(f"The training curve lacks the columns {missing}.")
    logged = curve.dropna(subset=[MEASURE])  # nothing is known before the first episode has ended
    if logged.empty:
        raise ValueError(f"The training curve holds no {MEASURE}: no episode ended. Train for more steps.")
    runs = [run.sort_values("env_steps") for run in split_runs(logged).values()]
    first = min(run.env_steps.iloc[0] for run in runs)
    last = min(run.env_steps.iloc[-1] for run in runs)
    grid = np.linspace(first, last, points)
    values = np.stack([np.interp(grid, run.env_steps, run[MEASURE], left=np.nan, right=np.nan) for run in runs])
    table = pd.DataFrame(values.T)  # (points, runs)
    return pd.DataFrame(
        {
            "env_steps": grid,
            "mean": table.mean(axis="columns"),
            "low": table.min(axis="columns"),
            "high": table.max(axis="columns"),
            "runs": table.count(axis="columns"),
        }
    )


def split_runs(curve: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """One table per run, or per training seed where runs are not named; without either the log is one run, "0"."""
    by = RUN if RUN in curve.columns else SEED
    if by not in curve.columns:
        return {"0": curve}
    return {str(name): curve[curve[by] == name] for name in sorted(curve[by].unique())}


def read_curves(runs: Iterable[str | Path]) -> pd.DataFrame | None:
    """The training logs in the folders ``runs``, each once; None where there is nothing to draw.

    A run that was stopped before its first episode ended has an empty log. The column ``run`` tells the logs apart:
    two runs may have the same training seed.
    """
    logs = []
    for run in dict.fromkeys(map(str, runs)):
        file = Path(run) / CURVE_FILE
        log = pd.read_csv(file) if file.is_file() else pd.DataFrame()
        if MEASURE in log and log[MEASURE].notna().any():
            logs.append(log if RUN in log else log.assign(**{RUN: run}))
    return pd.concat(logs, ignore_index=True) if logs else None
