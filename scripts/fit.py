"""Fit a world to a log: a folder for --world driftrec/Fitted-v0 --options '{"world": "FOLDER"}' (docs/fit.md)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.catalogues.setting import load_setting
from driftrec.agents.engines.engine import Engine
from driftrec.agents.engines.processes import Processes
from driftrec.agents.fitting_worlds.fit_folder import fit_in_text, write_fit
from driftrec.agents.fitting_worlds.fit_world import fit_world
from driftrec.agents.fitting_worlds.fitter import Fitter
from driftrec.agents.fitting_worlds.lives import shuffled, told_lives
from driftrec.agents.fitting_worlds.taste_fit import FitWorldSettings
from driftrec.agents.fitting_worlds.texts import known_of
from driftrec.agents.logbook.log_files import parse_columns
from driftrec.agents.logbook.log_reader import read_log
from driftrec.agents.realism.realism import judge_realism
from driftrec.agents.realism.realism_page import PAGE_FILE, write_realism
from driftrec.agents.realism.words import not_trusted, trusted
from driftrec.agents.runs.folders import check_empty, drawn, run_folder, write_config

USUAL = FitWorldSettings()


@dataclass(frozen=True)
class Args:
    """Fit a world to a log."""

    log: Path | None = None
    """The log, .parquet or .csv (docs/logs.md)."""
    movielens: Path | None = None
    """A MovieLens folder, in place of a log."""
    columns: str = ""
    """The log's own names of columns, such as user=userId,item=movieId,time=timestamp,engagement=rating; of engagement
    several with their weights, such as engagement=minutes+20*purchase."""
    catalogue: Path | None = None
    """Catalogue folder written by `driftrec encode`, whose texts say where items lie before anybody opened them."""
    min_events: int = 5
    """Where a log tells what was consumed alone: items with fewer events are left out."""
    shuffle: bool = False
    """Shuffle each session's events first: where their order is that of a list on the screen."""
    fitting: FitWorldSettings = USUAL
    """How."""
    bootstrap: int = 5
    """Fits to users drawn with replacement, each a world of its own: intervals, and compare --worlds. 0 for none."""
    seed: int | None = None
    """Seed of first vectors, order and draws; drawn, printed and stored when omitted."""
    out: Path | None = None
    """World folder, new or empty; the next of runs/NNNN-fit when omitted."""


def main(args: Args) -> None:
    """Fit, print what each part is worth and every number, and say where the world is.

    Raises:
        FileNotFoundError: If there is no log or catalogue.
        ValueError: If there are two logs or none, or the log is not as it must be.
        FileExistsError: If the world folder holds anything.
    """
    if (args.log is None) == (args.movielens is None):
        raise ValueError("Give one of --log FILE and --movielens FOLDER.")
    if args.min_events < 1:
        raise ValueError(f"--min-events is {args.min_events}; it must be at least 1.")
    if args.bootstrap < 0 or args.bootstrap == 1:
        raise ValueError(f"--bootstrap is {args.bootstrap}; give 0, or 2 and more, which tell how far they differ.")
    check_empty(args.out)
    engine = Processes()
    with threadpool_limits(1):  # sums of more threads have other last bits
        _fit(args, engine)


def _fit(args: Args, engine: Engine) -> None:
    """``main``, of arguments that were checked."""
    seed = drawn(args.seed)
    setting = None if args.catalogue is None else load_setting(args.catalogue)
    items = None if setting is None else setting.catalogue.ids
    log = read_log(args.log or args.movielens or Path(), parse_columns(args.columns), items)
    lives = told_lives(log, args.min_events)
    lives = shuffled(lives, seed) if args.shuffle else lives
    fitter = Fitter(known_of(setting, lives.items), args.fitting, seed, engine=engine)
    fit = fit_world(lives, fitter, args.bootstrap)
    realism = judge_realism(lives, fit, seed, print, engine)
    with run_folder(args.out, "fit") as folder:
        write_config(folder, {**asdict(args), "seed": seed})
        told = {"log": log.file, "shuffled": args.shuffle, "seed": seed}
        write_fit(folder, fit, told)
        write_realism(folder, realism, told)
    print(fit_in_text(fit))
    _say("This world may be trusted for:", trusted(realism))
    _say("Not for:", not_trusted(realism))
    if lives.shown is not None:
        size = lives.shown.shape[1]
        print(f"\nThe log's slates are of {size}: say --slate-size {size} to train, compare and estimate.")
    print(f"\nHow real it is: {folder / PAGE_FILE}\nWorld: {folder}")


def _say(heading: str, lines: list[str]) -> None:
    """Print a list."""
    print("\n".join(["", heading, *(f"- {line}" for line in lines)]))


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("fit")
