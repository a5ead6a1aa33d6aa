"""How often the intervals of a fit hold the truth: worlds of known numbers, simulated and fitted.

python -m driftrec.agents.realism.coverage FIRST LAST [USERS STEPS BOOTSTRAP]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from driftrec.agents.baselines import Random
from driftrec.agents.evaluation.play import play
from driftrec.agents.fitting_worlds.fit_world import replicates_of
from driftrec.agents.fitting_worlds.lives import LoggedUsers, told_lives
from driftrec.agents.fitting_worlds.numbers_table import numbers_table
from driftrec.agents.fitting_worlds.taste_fit import FitWorldSettings, fit_tastes
from driftrec.agents.fitting_worlds.taste_model import FAST, OWN, SATIATION, SLOW, KnownItems
from driftrec.agents.fitting_worlds.world_parts import parameters_of
from driftrec.agents.logbook.log_reader import read_log
from driftrec.agents.logbook.log_writer import LogWriter
from driftrec.agents.setup import context_of
from driftrec.simulators.fitted.example import made_up
from driftrec.simulators.fitted.fitted_world import FittedWorld
from driftrec.simulators.fitted.parameters import FittedParameters
from driftrec.simulators.noise import user_seeds

SLATE = 5

THERE = (OWN, FAST, SLOW, SATIATION)
"""Terms of the made-up world."""

NO_TRUTH = ("session", "usual", "slate_hours", "takeaway", "level", "rest")
"""Numbers of which there is none to be found: the world lacks them, or they are a unit."""

SETTINGS = FitWorldSettings(dims=3)
"""As of ``driftrec fit``, but for the made-up world's dimensions."""


def coverage_tables(
    first: int,
    last: int,
    *,
    users: int = 240,
    steps: int = 80,
    bootstrap: int = 5,
    settings: FitWorldSettings = SETTINGS,
) -> Iterator[pd.DataFrame]:
    """The numbers of one made-up world after another, fitted, with their truth.

    Args:
        first: Seed of the first world.
        last: Before which seed to stop.
        users: Of each log, under random slates.
        steps: Slates of a user, at most.
        bootstrap: Fits to users drawn with replacement.
        settings: How worlds are fitted.

    Yields:
        As of ``numbers_table``, with ``true`` and ``seed``.
    """
    for seed in range(first, last):
        world = made_up(seed=seed)
        lives = _logged(world, users, steps, seed)
        known = KnownItems(world.topic[[int(item) for item in lives.items]])
        model = fit_tastes(lives, THERE, known, settings, seed)
        found = parameters_of(model, lives, known, np.ones(len(lives.users)))
        again = replicates_of(bootstrap, model, lives, known, settings, seed, lambda line: None)
        table = numbers_table(found, tuple(again))
        table = table[~table.name.isin(NO_TRUTH)]
        yield table.assign(true=table.name.map(_truth(world, found)), seed=seed)


def shares_held(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """One row a number: ``true`` and mean ``value``, ``sd`` of the values, median ``width``, and ``held``, a share."""
    every = pd.concat(tables)
    every = every.assign(held=every.true.between(every.low, every.high), width=every.high - every.low)
    told = {"true": ("true", "mean"), "value": ("value", "mean"), "sd": ("value", "std")}
    return every.groupby("name", sort=False).agg(**told, width=("width", "median"), held=("held", "mean"))


def _logged(world: FittedParameters, users: int, steps: int, seed: int) -> LoggedUsers:
    """What users of a world do under random slates."""
    there = FittedWorld(world, SLATE)
    policy, seeds = Random(context_of(there)), user_seeds(seed, "log", users)
    _, served = play(there, policy, seeds, horizon=steps, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.parquet"
        with LogWriter(file) as log:
            tap = log.tap(there, seeds, policy, name="random")
            for step in served:
                tap(step)
        return told_lives(read_log(file))


def _truth(world: FittedParameters, found: FittedParameters) -> dict[str, float]:
    """A world's numbers as a fit tells them: quality around 0, content beside the usual engagement that was found."""
    visits, usual = world.visits, found.visits.usual / world.visits.usual
    told = {**asdict(world.tastes), **asdict(visits)}
    told["no_click"] -= float(world.quality.mean())
    return {**told, "end": visits.end + visits.content * (usual - 1.0), "content": visits.content * usual}


def _main(first: int, last: int, users: int = 240, steps: int = 80, bootstrap: int = 5) -> None:
    """Print every table as it comes, and the shares."""
    tables: list[pd.DataFrame] = []
    for table in coverage_tables(first, last, users=users, steps=steps, bootstrap=bootstrap):
        tables.append(table)
        print(table.round(3).to_csv(index=False, header=len(tables) == 1), end="", flush=True)
    held = shares_held(tables)
    print(held.round(3).to_string(), f"all: {held.held.mean():.3f}", sep="\n")


if __name__ == "__main__":
    _main(*(int(word) for word in sys.argv[1:]))
