"""How engagement rises over a training: measuring it, and the logs of several runs together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.evaluation.play import mean_engagement
from driftrec.agents.evaluation.tables import read_table
from driftrec.agents.policy import Policy
from driftrec.simulators.world import World

CURVE_FILE = "curve.csv"
"""In the run folder of a training."""

MEASURE = "mean_episode_engagement"
COLUMNS = ("stage", "env_steps", "seconds", MEASURE)
Record = Callable[[int, Mapping[str, float]], None]
"""Called with the environment steps taken so far, of a whole training, and with values by name."""


def not_recorded(steps: int, values: Mapping[str, float]) -> None:
    """Where nobody wants to know."""


RUN = "run"
SEED = "training_seed"
TYPES = {RUN: "str", "stage": "str"}
"""A run folder may be called "007" or "nan"."""


class Curve:
    """Measurements of a training on fixed users.

    Episodes that end during training are no measure: those who leave early end first.

    Args:
        world: Where.
        users: Seeds of the users of every measurement, (users,).
        horizon: Steps of an episode.
        record: Takes every measurement besides, as "engagement/STAGE".

    Attributes:
        env_steps: Steps that training has taken so far, logging and tuning included, these measurements not; whoever
            takes steps adds them.
        rows: The measurements.
    """

    def __init__(
        self, world: World[Any], users: NDArray[np.uint64], horizon: int, record: Record = not_recorded
    ) -> None:
        self.env_steps = 0
        self._record = record
        self.rows: list[dict[str, Any]] = []
        self._world, self._users, self._horizon = world, users, horizon
        self._start = time.perf_counter()
        self._measuring = 0.0  # seconds

    def measure(self, stage: str, policy: Policy) -> float:
        """Add a row for ``policy``; returns its mean engagement an episode, in the world's unit."""
        begun, seconds = time.perf_counter(), self._seconds()
        engagement = mean_engagement(self._world, policy, self._users, self._horizon)
        self._measuring += time.perf_counter() - begun
        self.rows.append(dict(zip(COLUMNS, (stage, self.env_steps, round(seconds, 1), engagement), strict=True)))
        self._record(self.env_steps, {f"engagement/{stage}": engagement})
        return engagement

    def meet(self, users: NDArray[np.uint64]) -> None:
        """Measure on other users from now on: what was chosen by some is better with these than it is."""
        self._users = users

    def kept(self) -> dict[str, Any]:
        """All that ``go_on`` takes up."""
        return {"rows": list(self.rows), "env_steps": self.env_steps, "seconds": self._seconds()}

    def go_on(self, kept: Mapping[str, Any]) -> None:
        """Go on where another curve was ``kept``."""
        self.rows, self.env_steps = list(kept["rows"]), kept["env_steps"]
        self._start, self._measuring = time.perf_counter() - kept["seconds"], 0.0

    def _seconds(self) -> float:
        """Since the start, without measuring."""
        return time.perf_counter() - self._start - self._measuring

    def table(self) -> pd.DataFrame:
        """One row a measurement: stage, env_steps, seconds without measuring, mean_episode_engagement."""
        return pd.DataFrame(self.rows)


def checked_curve(curve: pd.DataFrame) -> pd.DataFrame:
    """The lines of a log that hold a measurement; it has ``COLUMNS`` and, of several runs, ``RUN`` or ``SEED``.

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
