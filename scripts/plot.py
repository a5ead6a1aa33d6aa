"""Draw the plots of a comparison again from its tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tyro

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.comparison.added import chosen, read_joined
from driftrec.agents.evaluation.curves import read_curves
from driftrec.agents.plots.output import Format, Looks, Output
from driftrec.agents.plots.plots import save_all
from driftrec.agents.report.packed import pack


@dataclass(frozen=True)
class Args:
    """Draw the plots of a comparison again."""

    run: tyro.conf.Positional[Path]
    """Run folder of a comparison."""
    curves: tuple[Path, ...] = ()
    """Run folders of training, for the training curve; those that were compared when omitted."""
    policies: tuple[str, ...] = ()
    """Policies to draw, by the names in the table; all when omitted, or the best of very many."""
    add: tuple[Path, ...] = ()
    """Run folders of comparisons whose policies are drawn too; of the same users in the same world."""
    format: Format = "png"
    """File format."""
    style: Looks = "screen"
    """paper: a serif typeface and 300 dots an inch."""
    out: Path | None = None
    """Folder for the plots; the run's own when omitted."""
    pack: bool = False
    """Put the tables beside the plots in --out, as Parquet: a fifth of the size, and drawn again from there alone."""


def main(args: Args) -> None:
    """Draw, and say which files were written.

    Raises:
        FileNotFoundError: If a folder does not hold a comparison.
        ValueError: If there is no such policy, what is to be added met other users or another world, or there is no
            folder to pack into.
    """
    if args.pack and args.out in (None, args.run):
        raise ValueError("--pack puts tables beside the plots of another folder; name it with --out.")
    results = read_joined(args.run, args.add)
    if args.policies:
        results = chosen(results, args.policies)
    curve = read_curves(args.curves or (args.run,))
    for file in save_all(args.out or args.run, results, curve=curve, output=Output(args.format, args.style)):
        print(file)
    if args.pack and args.out is not None:
        print(*pack(results, args.run, args.out), sep="\n")


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("plot")
