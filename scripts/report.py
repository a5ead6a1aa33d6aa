"""Write comparisons to one HTML file that can be shown to others: it needs no network and nothing beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tyro

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.report.page import page
from driftrec.simulators.files import write_text


@dataclass(frozen=True)
class Args:
    """Write comparisons to one HTML file."""

    runs: tyro.conf.Positional[tuple[Path, ...]]
    """Run folders of comparisons, a section each."""
    out: Path | None = None
    """The file, replaced if it is there; report.html in the first run's folder when omitted."""


def main(args: Args) -> None:
    """Write, and say where the file is.

    Raises:
        ValueError: If no run is named.
        FileNotFoundError: If a folder does not hold a comparison.
        OSError: If the file cannot be written.
    """
    if not args.runs:
        raise ValueError("No run folder is named; give that of a comparison, such as runs/0001-compare.")
    file = args.out or args.runs[0] / "report.html"
    write_text(file, page(args.runs))
    print(file)


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("report")
