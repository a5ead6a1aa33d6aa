"""Feedback of several kinds: which columns of a file count as engagement, and how much each is worth."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import pandas as pd

from driftrec.agents.logbook import log_checks as checks
from driftrec.agents.logbook.log_table import FEEDBACK

Worth = Mapping[str, float]
"""What one of each column is worth, by the file's name of it."""

FLAGS = {"true": 1.0, "false": 0.0}


def worth_of(text: str) -> Worth:
    """The columns that "minutes+20*purchase" adds up.

    Raises:
        ValueError: If a weight is no number above 0, or a column is there twice.
    """
    found: dict[str, float] = {}
    for part in text.split("+"):
        weight, times, name = part.rpartition("*")
        name, value = name.strip(), _number(weight) if times else 1.0
        if not name or not 0 < value < math.inf:
            raise ValueError(
                f"--columns has engagement={text}; {part!r} is neither COLUMN nor WEIGHT*COLUMN with a weight above 0."
            )
        if name in found:
            raise ValueError(f"--columns has engagement={text}, with {name!r} twice; give it one weight.")
        found[name] = value
    return found


def told_feedback(file: str, names: Collection[str]) -> Worth:
    """The kind of feedback, see ``FEEDBACK``, that a log without engagement has; none where it has none.

    Raises:
        ValueError: If it has several, and nobody says what counts.
    """
    there = [column.name for column in FEEDBACK if column.name in names]
    if len(there) > 1:
        raise ValueError(
            f"{file} has {' and '.join(there)}, and no engagement. Say what counts, and how much: "
            f"--columns engagement={there[0]}+20*{there[1]}."
        )
    return dict.fromkeys(there, 1.0)


def added_up(file: str, table: pd.DataFrame, worth: Worth) -> pd.Series[float]:
    """Engagement of every row: columns of ``table`` times what they are worth; what is empty brought nothing.

    Raises:
        ValueError: If a cell is no number, or below 0; names file, row and value.
    """
    told = pd.DataFrame({name: _flags(table[name]) for name in worth})
    numbers = checks.check_numbers(file, told, tuple(worth))
    for name in worth:
        why = "what is added up as feedback counts from 0. Mend the row, or leave the column out."
        checks.refuse(file, (numbers[name] < 0).to_numpy(), name, numbers, why)
    return numbers.fillna(0.0).mul(pd.Series(worth)).sum(axis=1)


def worth_in_words(worth: Worth) -> str:
    """Such as "minutes + 20 * purchase"."""
    return " + ".join(name if weight == 1 else f"{weight:g} * {name}" for name, weight in worth.items())


def _flags(column: pd.Series) -> pd.Series:
    """A column with 1 and 0 where it says true and false in words."""
    if pd.api.types.is_numeric_dtype(column):
        return column
    return column.map(lambda cell: FLAGS.get(str(cell).lower(), cell))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
