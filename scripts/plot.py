"""Draw the plots of a comparison again from its tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tyro

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.evaluation.curves import read_curves
from driftrec.agents.evaluation.summary import read_results
from driftrec.agents.plots.plots import save_all


@dataclass(frozen=True)
class Args:
    """Draw the plots of a comparison again."""

    run: tyro.conf.Positional[Path]
    """Run folder of a comparison."""
    curves: tuple[Path, ...] = ()
    """Run folders of training, for the training curve; those that were compared when omitted."""


def main(args: Args) -> None:
    """Draw, and say which files were written."""
    results = read_results(args.run)
    for file in save_all(args.run, results, curve=read_curves(args.curves or (args.run,))):
        print(file)


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("plot")
