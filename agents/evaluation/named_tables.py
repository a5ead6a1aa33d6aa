"""Tables as CSV files whose names come back as they were, whatever they look like."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import pandas as pd


def write_table(table: pd.DataFrame, file: Path) -> None:
    """Write a table without its index.

    All names are quoted: the writer alone would quote its own line end, and leave a carriage return inside of a name to
    end the line for whoever reads it.
    """
    table.to_csv(file, index=False, quoting=csv.QUOTE_NONNUMERIC)


def read_table(file: Path, types: Mapping[str, str]) -> pd.DataFrame:
    """Read what ``write_table`` wrote.

    Args:
        file: The CSV file.
        types: Types of columns by name, "str" for names: those may be "007", "True", "NA" or "nan". Only what is empty
            is missing.
    """
    return pd.read_csv(file, dtype=dict(types), keep_default_na=False, na_values=[""])
