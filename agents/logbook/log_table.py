"""The log's table: its columns, what each holds, and which a log cannot do without."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

SUFFIXES = (".csv", ".parquet")
"""Of log files."""


@dataclass(frozen=True)
class LogColumn:
    """One column of the log; a row is one position that a user was shown.

    Attributes:
        name: In the file.
        kind: Type in Parquet.
        meaning: What it holds, and its unit.
        needed: Whether a log that is read must have it; what can be worked out from others need not be there.
    """

    name: str
    kind: pa.DataType
    meaning: str
    needed: bool = False


LOG_COLUMNS = (
    LogColumn("policy", pa.string(), "name of the policy that served"),
    LogColumn("version", pa.string(), "its version: a training seed or a round; empty where it has none"),
    LogColumn("user", pa.string(), "the user, any name", needed=True),
    LogColumn("user_seed", pa.uint64(), "seed of a simulated user, from which the user can be simulated again"),
    LogColumn("step", pa.int64(), "slates that the user was shown before, under this policy and version"),
    LogColumn("time", pa.float64(), "hours since the user's first slate", needed=True),
    LogColumn("session", pa.int64(), "the user's visit, from 1"),
    LogColumn("slate", pa.int64(), "number of the slate in the file"),
    LogColumn("position", pa.int64(), "place in the slate, from 0 at the top"),
    LogColumn("item", pa.string(), "id in the catalogue; where items have none, their number", needed=True),
    LogColumn("clicked", pa.bool_(), "whether the user opened it"),
    LogColumn("engagement", pa.float64(), "what that brought, in the world's unit"),
    LogColumn("candidates", pa.list_(pa.string()), "ids on offer, on a slate's first row; in CSV a JSON list"),
    LogColumn("propensity", pa.float64(), "chance that the policy made this pick, given those above it"),
    LogColumn("marginal", pa.float64(), "chance that it put this item here, whatever stands elsewhere"),
    LogColumn("slate_propensity", pa.float64(), "chance of the whole slate in its order"),
)
"""In the order of the file. Propensities and candidates are empty where the policy or the world has none."""

FEEDBACK = (
    LogColumn("rating", pa.float64(), "stars or points that the user gave"),
    LogColumn("minutes", pa.float64(), "time that the user spent with it"),
    LogColumn("purchase", pa.float64(), "what was bought: an amount, a number, or true and false"),
)
"""Kinds of feedback that logs of others have in place of ``engagement``; empty where there was none."""

LOG_SCHEMA = pa.schema([(column.name, column.kind) for column in LOG_COLUMNS])

PROPENSITIES = ("propensity", "marginal", "slate_propensity")
"""Columns that hold chances, in (0, 1]."""
