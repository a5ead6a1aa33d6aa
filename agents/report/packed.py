"""A comparison packed to be shipped: its tables as Parquet, and the small files that belong to them as they are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from driftrec.agents.evaluation.curves import CURVE_FILE
from driftrec.agents.evaluation.summary import LATER, TYPES, Results
from driftrec.agents.evaluation.tables import markdown
from driftrec.agents.runs.folders import CONFIG_FILE
from driftrec.simulators.files import replacing, write_text


def pack(results: Results, run: Path, out: Path) -> list[Path]:
    """Write tables and summary of ``results`` to ``out``, from where ``read_results`` reads them.

    Args:
        results: What to pack.
        run: Where they come from; its configuration and training curve are copied, if it has them.
        out: Folder, made if absent; files of the same names are replaced.

    Returns:
        The files that were written.
    """
    out.mkdir(parents=True, exist_ok=True)
    tables = {out / f"{name}.parquet": getattr(results, name) for name in (*TYPES, *LATER)}
    kept = {file: table for file, table in tables.items() if not table.empty}
    for file, table in kept.items():
        with replacing(file) as part:
            table.to_parquet(part, index=False, compression="zstd")
    write_text(out / "summary.json", json.dumps(results.summary, allow_nan=False, indent=2) + "\n")
    write_text(out / "summary.md", markdown(results.summary))
    beside = [name for name in (CONFIG_FILE, CURVE_FILE) if (run / name).is_file()]
    for name in beside:
        shutil.copy(run / name, out / name)
    return [*kept, *(out / name for name in ("summary.json", "summary.md", *beside))]
