"""The log of a comparison: one row an impression, written to a file while the policies serve."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from driftrec.agents.evaluation.play import Step
from driftrec.simulators.files import PART
from driftrec.simulators.world import World

SUFFIXES = (".csv", ".parquet")
AT_A_TIME = 500_000
"""Rows that are kept before they are written."""


class Served:
    """Tables of what users are shown, step by step.

    Args:
        world: What serves them.
        users: How many there are.
    """

    def __init__(self, world: World[Any], users: int) -> None:
        ids = None if world.catalogue is None else world.catalogue.ids
        self._ids = np.asarray([str(item) for item in range(world.num_items)] if ids is None else ids, object)
        self._hours = np.zeros(users)  # away so far
        self._session = np.ones(users, np.int64)

    def table(self, step: Step) -> pd.DataFrame:
        """One row an impression of users who are there, a user's slate from the top.

        Columns: ``user``, ``hours`` away before the step, ``session`` from 1, ``slate`` (the user's step, from 0),
        ``position`` from 0, ``item`` (its id in the catalogue, or its number), ``clicked``, ``engagement`` in the
        world's unit.
        """
        users, feedback = step.present, step.feedback
        items = step.items[users]
        rows = np.repeat(users, items.shape[1])
        table = pd.DataFrame(
            {
                "user": rows,
                "hours": self._hours[rows],
                "session": self._session[rows],
                "slate": step.number,
                "position": np.tile(np.arange(items.shape[1]), len(users)),
                "item": self._ids[items.ravel()],
                "clicked": feedback.clicks[users].ravel(),
                "engagement": feedback.engagement[users].ravel(),
            }
        )
        self._hours[users] += feedback.gap[users]
        self._session[users] += feedback.ended[users]
        return table


class ImpressionLog:
    """Writes the impressions of several policies to one file; to be used by ``with``, at whose end the file is there.

    What cannot be written costs the rest of the log, and nothing else.

    Args:
        file: New; CSV or Parquet, by its suffix.

    Attributes:
        fault: Why the log is not whole, in words; empty while it is.

    Raises:
        ValueError: If the suffix is another.
        FileExistsError: If there is such a file.
    """

    def __init__(self, file: Path) -> None:
        if file.suffix.lower() not in SUFFIXES:
            raise ValueError(f"The log {str(file)!r} must end in {' or '.join(SUFFIXES)}.")
        if file.exists():
            raise FileExistsError(f"The log {file} is there already; give a new file.")
        self._file = file
        self._part = file.with_name(file.name + PART)
        self.fault = ""
        self._kept: list[pd.DataFrame] = []
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> ImpressionLog:
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
            self._give_up(caught)

    def of(
        self, world: World[Any], seeds: NDArray[np.uint64], policy: str, trained: int | None
    ) -> Callable[[Step], None]:
        """What takes the steps of one policy.

        Args:
            world: What it serves in.
            seeds: Of the users; one of column ``user_seed`` for each.
            policy: Its label, column ``policy``.
            trained: Column ``training_seed``; missing where nothing was trained.
        """
        served = Served(world, len(seeds))

        def take(step: Step) -> None:
            table = served.table(step)
            whose = {"policy": policy, "training_seed": pd.array([trained] * len(table), dtype="Int64")}
            self._kept.append(pd.DataFrame(whose).join(table.assign(user_seed=seeds[table.user])))
            if sum(map(len, self._kept)) >= AT_A_TIME:
                self._write()

        return take

    def _write(self) -> None:
        """Append what is kept to the file."""
        if not self._kept:
            return
        rows, self._kept = pd.concat(self._kept, ignore_index=True), []
        try:
            if self.fault:
                return
            if self._file.suffix.lower() == ".csv":
                rows.to_csv(self._part, mode="a", header=not self._part.exists(), index=False)
                return
            table = pa.Table.from_pandas(rows, preserve_index=False)
            self._writer = self._writer or pq.ParquetWriter(self._part, table.schema)
            self._writer.write_table(table)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        left = f"; what could be is in {self._part}" if self._part.exists() else ""
        self.fault = self.fault or f"The log {self._file} could not be written ({error.strerror or error}){left}."
