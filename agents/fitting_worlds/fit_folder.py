"""What a fit leaves: the world's folder, its replicates, its tables; and the same in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from driftrec.agents.fitting_worlds.fit_world import WorldFit
from driftrec.agents.fitting_worlds.spread_tables import items_table, shapes_table
from driftrec.simulators.files import write_files
from driftrec.simulators.fitted.folder import save_world

HELD_OUT_FILE, AGAINST_FILE, MECHANISMS_FILE, NUMBERS_FILE, SHAPES_FILE, ITEMS_FILE = (
    f"{name}.csv" for name in ("held_out", "against", "mechanisms", "numbers", "shapes", "items")
)


def replicate_folder(folder: Path, number: int) -> Path:
    """Of the ``number``-th replicate, from 1: a world like the folder itself."""
    return folder / f"replicate-{number}"


def write_fit(folder: Path, fit: WorldFit, told: Mapping[str, Any]) -> None:
    """Write the world with its replicates, and the tables of ``WorldFit`` and ``spread_tables`` as CSV.

    Args:
        folder: Is there.
        fit: What to write.
        told: Where it is from.
    """
    mechanisms = {"kept": fit.chosen.kept, "left_out": fit.chosen.left_out}
    told = {**told, "mechanisms": mechanisms}
    save_world(folder, fit.world, {**told, "notes": fit.notes})
    for number, world in enumerate(fit.replicates, 1):
        save_world(replicate_folder(folder, number), world, {**told, "replicate": number})
    tables = {
        HELD_OUT_FILE: fit.held_out,
        AGAINST_FILE: fit.against,
        MECHANISMS_FILE: fit.chosen.table,
        NUMBERS_FILE: fit.numbers,
        SHAPES_FILE: shapes_table(fit.world, fit.replicates),
        ITEMS_FILE: items_table(fit.world, fit.replicates),
    }
    write_files({folder / name: table.to_csv(index=False).encode() for name, table in tables.items()})


def fit_in_text(fit: WorldFit) -> str:
    """The tables and the notes, as they are printed."""
    return "\n".join(
        [
            "",
            "Log-likelihood a held-out event, and the gain on the model above with its 95 % interval over users:",
            _ladder(fit.held_out).to_string(index=False, na_rep=""),
            "",
            "What the world gains on baselines a held-out event, as it is and with sessions shuffled:",
            _gains(fit.against).to_string(index=False),
            "",
            f"Numbers, with 95 % intervals from {len(fit.replicates)} fits to users drawn with replacement:",
            fit.numbers.round(3).to_string(index=False, na_rep=""),
            "",
            *fit.notes,
        ]
    )


def _ladder(table: pd.DataFrame) -> pd.DataFrame:
    """The table of models with intervals in brackets."""
    shown = table[["model", "log_likelihood"]].round(4)
    return shown.join(_gains(table)[["gain", "shuffled_gain"]]).assign(survives=table.survives)


def _gains(table: pd.DataFrame) -> pd.DataFrame:
    """The table of models or baselines with their gains, intervals in brackets."""
    shown = table.iloc[:, :2].round(4)
    for prefix in ("", "shuffled_"):
        columns = table[[f"{prefix}{name}" for name in ("gain", "gain_low", "gain_high")]]
        shown[f"{prefix}gain"] = [
            "" if pd.isna(gain) else f"{gain:+.4f} [{low:+.4f}, {high:+.4f}]"
            for gain, low, high in columns.itertuples(index=False)
        ]
    return shown
