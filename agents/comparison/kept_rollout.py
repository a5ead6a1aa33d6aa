"""What is kept of one rollout of a comparison: its tables, so that a comparison cut short goes on after it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.comparison.comparison_log import ComparisonLog
from driftrec.agents.comparison.seen import Seen
from driftrec.agents.evaluation.rollout import Rollout, step_table
from driftrec.agents.snapshots.snapshot_folder import SnapshotFolder
from driftrec.agents.snapshots.tree import Tree


@dataclass(frozen=True)
class KeptRollout:
    """Tables of one rollout.

    Attributes:
        episodes: One row a user.
        steps: One row a step.
        journeys: See ``Rollout``.
        story: What the first users were shown.
        exposure: How often every item was shown.
        shown: Which items each user was shown, bool, (users, items).
    """

    episodes: pd.DataFrame
    steps: pd.DataFrame
    journeys: pd.DataFrame
    story: pd.DataFrame
    exposure: pd.DataFrame
    shown: NDArray[np.bool_]


def part_of(rollout: Rollout, seen: Seen, seed: int) -> KeptRollout:
    """The tables of ``rollout``; ``seed`` is that of the comparison."""
    exposure = seen.exposure.table(rollout.shown)
    steps = step_table(rollout, seed)
    return KeptRollout(rollout.episodes, steps, rollout.journeys, seen.story.table(), exposure, rollout.shown)


def write_part(kept_in: SnapshotFolder, number: int, part: KeptRollout, log: ComparisonLog | None = None) -> None:
    """Keep the rollout of that number, whose rows ``log`` has; what it could not write is not kept."""
    if log is not None and not log.has(number):
        return
    tables = {name: _tree(getattr(part, name)) for name in _TABLES}
    logged = "" if log is None else log.digest(number)
    kept_in.write(_name(number), {**tables, "shown": part.shown, "log": logged})


def read_part(kept_in: SnapshotFolder, number: int, log: ComparisonLog | None = None) -> KeptRollout | None:
    """The rollout of that number, None if it is not kept.

    Raises:
        ValueError: If it, or its rows in ``log``, were altered, or it is of another comparison.
    """
    if not kept_in.holds(_name(number)):
        return None
    kept = kept_in.read(_name(number), "Remove it, and this policy serves again.")
    if log is not None:
        log.check(number, kept["log"])
    return KeptRollout(**{name: _table(kept[name]) for name in _TABLES}, shown=kept["shown"])


_TABLES = [field.name for field in fields(KeptRollout) if field.name != "shown"]


def _name(number: int) -> str:
    return f"rollout-{number:04d}"


def _tree(table: pd.DataFrame) -> Tree:
    """Columns by name: numbers as arrays, all else as lists with None for what is missing."""
    return {str(name): {"type": str(column.dtype), "values": _values(column)} for name, column in table.items()}


def _values(column: pd.Series[Any]) -> Tree:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        return column.to_numpy()
    return [None if missing else value for value, missing in zip(column.tolist(), column.isna(), strict=True)]


def _table(tree: Tree) -> pd.DataFrame:
    """The table again."""
    return pd.DataFrame({name: pd.Series(told["values"], dtype=told["type"]) for name, told in tree.items()})
