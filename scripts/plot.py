"""Draw the plots of a comparison again from its tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import tyro

from driftrec.agents.evaluation.plots import save_all
from driftrec.agents.evaluation.summary import read_results
from driftrec.agents.ppo import CURVE_FILE


@dataclass(frozen=True)
class Args:
    """Draw the plots of a comparison again."""

    run: tyro.conf.Positional[Path]
    """Run folder of a comparison."""
    curves: tuple[Path, ...] = ()
    """Run folders of training, for the training curve; the comparison's own folder when omitted."""


def main(args: Args) -> None:
    """Draw, and say which files were written."""
    results = read_results(args.run)
    files = [folder / CURVE_FILE for folder in args.curves or (args.run,)]
    found = [pd.read_csv(file) for file in files if file.is_file()]
    for file in save_all(args.run, results, curve=pd.concat(found, ignore_index=True) if found else None):
        print(file)


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("plot")
