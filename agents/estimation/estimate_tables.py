"""Estimates as text for a terminal, and as files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from driftrec.agents.evaluation.tables import write_table
from driftrec.simulators.files import write_text

FILES = ("estimates", "coverage")


def estimates_in_text(table: pd.DataFrame, unit: str, steps: int) -> str:
    """Rows of estimates by policy, those that were refused with the reason; with the truth where it is known."""
    words = {"slate": f"{unit} a slate", "episode": f"{unit} of the first {steps} slates"}
    shown = pd.DataFrame({"policy": table["policy"], "of": table["measure"].map(words), "weights": table["weights"]})
    shown["estimator"] = table["estimator"].where(table["refused"] == "", "none: " + table["refused"])
    shown["estimate"] = [_number(value) for value in table["estimate"]]
    shown["95 % interval"] = [
        "-" if pd.isna(low) else f"[{_number(low)}, {_number(high)}]"
        for low, high in zip(table["low"], table["high"], strict=True)
    ]
    shown["ESS"] = ["-" if pd.isna(ess) else f"{ess:,.0f}" for ess in table["ess"]]
    if "truth" in table:
        shown["truth"] = [_number(value) for value in table["truth"]]
        shown["held"] = ["-" if pd.isna(held) else "yes" if held else "no" for held in table["covered"]]
    return shown.to_string(index=False)


def held_in_words(table: pd.DataFrame) -> str:
    """How many intervals hold the truth."""
    known = table["covered"].dropna()
    return f"{int(known.sum())} of {len(known)} intervals hold the truth; from one log, they are not independent"


def _number(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:.4g}"


def write_estimates(folder: Path, tables: Mapping[str, pd.DataFrame], told: Mapping[str, Any]) -> None:
    """Write tables as CSV and, with ``told``, as ``estimates.json``; what there is not is null.

    Args:
        folder: Where.
        tables: By name, of ``FILES``.
        told: What else is to be known.
    """
    records: dict[str, Any] = dict(told)
    for name, table in tables.items():
        write_table(table, folder / f"{name}.csv")
        records[name] = json.loads(table.to_json(orient="records", double_precision=15))
    write_text(folder / "estimates.json", json.dumps(records, indent=1, allow_nan=False))
