"""Times of a log that are dates, as seconds since 1970."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from driftrec.agents.logbook import log_checks as checks


def dates_in_seconds(file: str, table: pd.DataFrame, notes: Callable[[int, str], None]) -> pd.DataFrame:
    """The table, with times that are dates, texts of ISO 8601 or as a file keeps them, in seconds since 1970.

    Args:
        file: For messages.
        table: With "time"; numbers stay as they are, also odd ones.
        notes: Told how many were read.

    Raises:
        ValueError: For what is no date among dates, or a date before 1973 or in the future; names row and value.
    """
    times = table["time"]
    kept = pd.api.types.is_datetime64_any_dtype(times)
    if not kept and pd.to_numeric(times, errors="coerce").notna().any():
        return table
    dates = _dates(times)
    if dates.isna().all():
        return table
    wrong = (dates.isna() & times.notna()).to_numpy()
    checks.refuse(file, wrong, "time", table, "other rows hold dates such as 2026-11-30T18:00:00. Mend the row.")
    now = pd.Timestamp.now(tz="UTC") + pd.Timedelta(days=1)
    early = pd.Timestamp(checks.EARLIEST_STAMP, unit="s", tz="UTC")
    checks.refuse(file, (dates < early).to_numpy(), "time", table, "dates are of 1973 and later. Count hours instead.")
    checks.refuse(file, (dates > now).to_numpy(), "time", table, "it lies in the future. Mend the row.")
    notes(len(table), "times read as dates, in UTC where they name no zone")
    return table.assign(time=(dates - pd.Timestamp(0, tz="UTC")).dt.total_seconds())


def _dates(times: pd.Series[Any]) -> pd.Series[pd.Timestamp]:
    """What are dates, in UTC; NaT where one is none, or beyond the year 2262."""
    told: dict[str, Any] = {"utc": True, "format": "ISO8601", "errors": "coerce"}
    try:
        return pd.to_datetime(times, **told)
    except pd.errors.OutOfBoundsDatetime:  # in spite of "coerce"
        return pd.Series([_date(time, told) for time in times], times.index)


def _date(time: Any, told: dict[str, Any]) -> Any:
    try:
        return pd.to_datetime(time, **told)
    except pd.errors.OutOfBoundsDatetime:
        return pd.NaT
