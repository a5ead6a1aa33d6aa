"""What a log must not hold: every refusal names the file, the row, the value and the remedy."""

from __future__ import annotations

import time
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.logbook.log_table import PROPENSITIES

EARLIEST_STAMP, LATEST_HOURS = 1e8, 1e6
"""Below the first a time is no Unix stamp (1973), above the second no number of hours (a hundred years)."""

FROM_MILLISECONDS = 1e11
"""Stamps above it are milliseconds: in seconds they would lie in the year 5138."""

_LARGEST = 2.0**53
"""Above it float64 does not tell whole numbers apart."""

ROUNDING = 1e-6
"""Relative difference up to which a slate's propensity is the product of its picks'."""


def refuse(file: str, rows: NDArray[np.bool_], column: str, table: pd.DataFrame, why: str) -> None:
    """Raise ValueError for the first of ``rows``, if there is one: file, row from 1 below the heading, value, why."""
    if rows.any():
        row = int(np.argmax(rows))
        fail(file, table.index[row], column, table[column].iloc[row], why, int(rows.sum()))


def fail(file: str, row: Any, column: str, value: Any, why: str, count: int = 1) -> NoReturn:
    """Raise ValueError about one cell, ``row`` counted from 0."""
    others = f" (and {count - 1:,} more)" if count > 1 else ""
    plain = value.item() if isinstance(value, np.generic) else value
    raise ValueError(f"{file}, row {row + 1:,}: {column} is {plain!r}{others}; {why}")


def check_numbers(file: str, table: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """The table with these columns, where there, as float64; what is empty is NaN, what is no number refused."""
    numbers = {}
    for name in columns:
        if name in table:
            found = pd.to_numeric(table[name], errors="coerce").astype(np.float64)
            bad = found.isna() & table[name].notna()
            refuse(file, (bad | np.isinf(found)).to_numpy(), name, table, "it must be a finite number. Mend the row.")
            numbers[name] = found
    return table.assign(**numbers)


def check_present(file: str, table: pd.DataFrame, columns: tuple[str, ...]) -> None:
    """Refuse rows that lack what every row must have."""
    for name in columns:
        if name in table:
            refuse(file, table[name].isna().to_numpy(), name, table, "every row needs one. Fill it in or drop the row.")


def check_whole(file: str, table: pd.DataFrame, columns: tuple[str, ...]) -> None:
    """Refuse what is no whole number, or missing, where rows have these columns."""
    for name in columns:
        if name in table:
            values = table[name].to_numpy()
            odd = ~(np.abs(values) < _LARGEST) | (values % 1 != 0)
            refuse(file, odd, name, table, "every row needs a whole number. Mend the row, or leave the column out.")


def check_times(file: str, table: pd.DataFrame) -> None:
    """Refuse negative times, future ones, and a mixture of hours and Unix stamps."""
    hours = table["time"].to_numpy()
    refuse(file, hours < 0, "time", table, "times are hours or Unix stamps, not below 0. Count from the first event.")
    stamps = hours >= EARLIEST_STAMP
    if not stamps.any():
        why = f"more than {LATEST_HOURS:,.0f} hours, and no Unix stamp. Give hours, or stamps in seconds."
        refuse(file, hours > LATEST_HOURS, "time", table, why)
        return
    refuse(file, ~stamps, "time", table, "other rows hold Unix stamps. Give all in hours, or all as stamps.")
    seconds = np.where(hours >= FROM_MILLISECONDS, hours / 1000.0, hours)
    why = "it lies in the future. Mend the row, or look for stamps in microseconds."
    refuse(file, seconds > time.time() + 86_400.0, "time", table, why)


def check_propensities(file: str, table: pd.DataFrame) -> None:
    """Refuse chances outside (0, 1], slates of which some have one and others none, and wrong products."""
    for name in PROPENSITIES:
        if name in table:
            values = table[name].to_numpy()
            why = "a chance of what was shown is above 0 and at most 1. Log what the policy drew with."
            refuse(file, (values <= 0) | (values > 1), name, table, why)
    if "propensity" in table and "slate_propensity" in table:
        slates = table.groupby("slate", sort=False)
        product = slates["propensity"].transform("prod", min_count=1).to_numpy()
        whole = table["slate_propensity"].to_numpy()
        off = np.abs(product / whole - 1.0) > ROUNDING
        refuse(file, off, "slate_propensity", table, "the product of its propensities is another. Drop one column.")


def check_whole_slates(file: str, table: pd.DataFrame) -> int:
    """Positions of every slate; refuse gaps, two rows at one position, and slates of two users or sizes."""
    slates = table.groupby("slate", sort=False)
    for name in ("user", "time", "policy", "version"):
        if name in table:
            first = slates[name].transform("first")
            same = (table[name] == first) | (table[name].isna() & first.isna())
            refuse(file, ~same.to_numpy(), name, table, "other rows of its slate have another. Number slates apart.")
    place = slates.cumcount().to_numpy()
    off = table["position"].to_numpy() != place
    why = "positions of a slate are 0, 1, 2, ... without a gap, each once. Log every position, or number slates apart."
    refuse(file, off, "position", table, why)
    sizes = slates["position"].transform("size").to_numpy()
    refuse(file, sizes != sizes[0], "slate", table, f"it has not {sizes[0]} positions, as the first. Split the file.")
    return int(sizes[0])


def check_steps(file: str, table: pd.DataFrame, lives: list[str]) -> None:
    """Refuse users of whom slates are missing: whose steps, where they are told, leave a number out."""
    if "step" not in table:
        return
    after = table.groupby(lives, sort=False, dropna=False)["step"].diff().to_numpy()
    why = "slates of this user are missing before it. Log all of them, or drop the column to take the rest as they are."
    refuse(file, after > 1, "step", table, why)
