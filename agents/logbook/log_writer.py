"""The writer: takes the steps of policies while they serve, and puts them into one log file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from driftrec.agents.evaluation.impressions import Served
from driftrec.agents.evaluation.play import Step
from driftrec.agents.logbook.log_table import LOG_SCHEMA, SUFFIXES
from driftrec.agents.policy import Marginal, Policy, Stochastic, failed
from driftrec.simulators.files import PART
from driftrec.simulators.offers import OFFERED
from driftrec.simulators.world import World

Tap = Callable[[Step], None]
"""Takes every step that a policy serves, once the feedback is there: what ``roll_out`` calls as ``seen``."""

AT_A_TIME = 500_000
"""Rows that are kept before they are written."""


def check_log(file: Path, *, replace: bool = False) -> None:
    """Raise, as ``LogWriter`` does, if no log can be written to ``file``."""
    if file.suffix.lower() not in SUFFIXES:
        raise ValueError(f"The log {str(file)!r} must end in {' or '.join(SUFFIXES)}.")
    if file.exists() and not replace:
        raise FileExistsError(f"The log {file} is there already; give a new file.")


class LogWriter:
    """Writes what several policies show to one file; to be used by ``with``, at whose end the file is there.

    What cannot be written costs the rest of the log, and nothing else.

    Args:
        file: New; CSV or Parquet, by its suffix.
        replace: Whether it may be there, and is replaced at the end.

    Attributes:
        error: Why the log is not whole; None while it is.
        fault: The same in words; empty while it is.

    Raises:
        ValueError: If the suffix is another.
        FileExistsError: If there is such a file.
    """

    def __init__(self, file: Path, *, replace: bool = False) -> None:
        check_log(file, replace=replace)
        self._file = file
        self._part = file.with_name(file.name + PART)
        self.error: OSError | None = None
        self.fault = ""
        self._kept: list[pd.DataFrame] = []
        self._slates = 0
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> LogWriter:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._part.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write()
        try:
            if self._writer is not None:
                self._writer.close()
            if self._part.exists() and not self.fault:
                self._part.replace(self._file)
        except OSError as caught:
            self.give_up(caught)

    def tap(
        self,
        world: World[Any],
        seeds: NDArray[np.uint64],
        policy: Policy,
        *,
        name: str,
        version: str = "",
        ids: Sequence[str] | None = None,
    ) -> Tap:
        """What takes the steps of one policy.

        Args:
            world: What it serves in.
            seeds: Of the users, (users,).
            policy: Serves; asked for its propensities where it is ``Stochastic`` or ``Marginal``.
            name: Column "policy".
            version: Column "version".
            ids: Of all items, see ``Served``.
        """
        served = Served(world, len(seeds), ids)

        def take(step: Step) -> None:
            table = served.table(step).assign(**_chances(policy, step, name), candidates=_candidates(served, step))
            slates = self._slates + np.arange(step.present.size)
            self._slates += step.present.size
            whose = {"policy": name, "version": version or None, "user_seed": seeds[table.user]}
            table = table.assign(**whose, slate=slates.repeat(step.items.shape[1]), user=table.user.astype(str))
            self._keep(table)

        return take

    def append(self, file: Path, change: Callable[[pd.DataFrame], pd.DataFrame] = lambda rows: rows) -> None:
        """Take up what another writer wrote to the Parquet ``file``; its slates are numbered on from here.

        Args:
            file: Read in pieces.
            change: Makes of the rows what is to be written.
        """
        first = self._slates
        for batch in pq.ParquetFile(file).iter_batches(AT_A_TIME):
            rows = change(batch.to_pandas())
            rows["candidates"] = rows.candidates.map(list, na_action="ignore")
            self._slates = first + int(rows.slate.max()) + 1
            self._keep(rows.assign(slate=rows.slate + first))

    def give_up(self, error: OSError) -> None:
        """Write no more: ``error`` has cost some of it."""
        left = f"; what could be is in {self._part}" if self._part.exists() else ""
        self.error = self.error or error
        self.fault = self.fault or f"The log {self._file} could not be written ({error.strerror or error}){left}."

    def _keep(self, rows: pd.DataFrame) -> None:
        """Write them, once there are many."""
        self._kept.append(rows[LOG_SCHEMA.names])
        if sum(map(len, self._kept)) >= AT_A_TIME:
            self._write()

    def _write(self) -> None:
        """Append what is kept to the file."""
        if not self._kept:
            return
        rows, self._kept = pd.concat(self._kept, ignore_index=True), []
        try:
            if self.fault:
                return
            if self._file.suffix.lower() == ".csv":
                listed = rows.candidates.map(json.dumps, na_action="ignore")
                table = rows.assign(candidates=listed)
                table.to_csv(self._part, mode="a", header=not self._part.exists(), index=False)
                return
            self._writer = self._writer or pq.ParquetWriter(self._part, LOG_SCHEMA)
            self._writer.write_table(pa.Table.from_pandas(rows, LOG_SCHEMA, preserve_index=False))
        except OSError as error:
            self.give_up(error)


def _chances(policy: Policy, step: Step, name: str) -> dict[str, NDArray[np.float64]]:
    """The columns of propensities, one number a row; NaN where the policy has none."""
    shape = step.slates.shape
    picks, places = np.full(shape, np.nan), np.full(shape, np.nan)
    try:
        if isinstance(policy, Stochastic):
            picks = np.asarray(policy.propensity(step.observation, step.slates), np.float64)
        if isinstance(policy, Marginal):
            places = np.asarray(policy.marginal(step.observation, step.slates), np.float64)
    except Exception as error:
        raise failed(name, "propensity", error) from error
    wholes = picks.prod(axis=1, keepdims=True).repeat(shape[1], axis=1)
    columns = {"propensity": picks, "marginal": places, "slate_propensity": wholes}
    return {column: values[step.present].ravel() for column, values in columns.items()}


def _candidates(served: Served, step: Step) -> pd.Series[Any]:
    """What was on offer, on each slate's first row; nothing where offers have no ids."""
    users, size = step.items[step.present].shape
    offered = step.observation.get(OFFERED)
    rows: list[list[str] | None] = [None] * (users * size)
    if offered is not None and offered.ndim == 2:
        rows[::size] = [served.ids[row].tolist() for row in offered[step.present]]
    return pd.Series(rows, dtype=object)
