"""How often the intervals of a fit hold the truth: worlds of known numbers, simulated and fitted.

python -m driftrec.agents.realism.coverage plain|marks|habits FIRST LAST [USERS STEPS BOOTSTRAP]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.baselines import Random
from driftrec.agents.evaluation.play import play
from driftrec.agents.fitting_worlds.fit_world import replicates_of
from driftrec.agents.fitting_worlds.fitter import Fitter
from driftrec.agents.fitting_worlds.lives import LoggedUsers, told_lives
from driftrec.agents.fitting_worlds.numbers_table import numbers_table
from driftrec.agents.fitting_worlds.spread_tables import items_table
from driftrec.agents.fitting_worlds.taste_fit import FitWorldSettings
from driftrec.agents.fitting_worlds.taste_model import FAST, OWN, SLOW, KnownItems
from driftrec.agents.fitting_worlds.world_parts import parameters_of
from driftrec.agents.logbook.log_reader import read_log
from driftrec.agents.logbook.log_writer import LogWriter
from driftrec.agents.setup import context_of
from driftrec.agents.tastes.topic_liking import HABIT, SATIATION, THRESHOLD
from driftrec.simulators.fitted.example import made_up, made_up_with_habits, made_up_with_marks
from driftrec.simulators.fitted.fitted_world import FittedWorld
from driftrec.simulators.fitted.parameters import MOVED, FittedParameters
from driftrec.simulators.noise import user_seeds

SLATE = 5

ENDS = ("name", "value", "low", "high")
"""Columns of every table."""

NO_TRUTH = ("session", "usual", "slate_hours")
"""Numbers of which there is none to be found: the worlds lack them, or they are a unit."""

MEMORIES, TOPICS = (OWN, FAST, SLOW, SATIATION), (OWN, SATIATION, THRESHOLD, HABIT)
"""Terms of the made-up worlds."""

OF_MEMORIES = ("fast", "fast_half_life", "slow", "slow_half_life")
OF_TOPICS = ("threshold", "keep", "habit", "habit_half_life", "takeaway")
OF_MARKS = ("level", "rest", "mark_half_life")
"""Numbers that come with them."""

SETTINGS = FitWorldSettings(dims=3)
"""As of ``driftrec fit``, but for the made-up worlds' dimensions."""


@dataclass(frozen=True)
class KnownWorlds:
    """Worlds whose numbers are known.

    Attributes:
        made: One, by its seed.
        terms: Of their utility.
        absent: Numbers that it lacks, or that have no truth of their own.
        items: Columns of ``items_table`` whose truth is known.
    """

    made: Callable[[int], FittedParameters]
    terms: tuple[str, ...]
    absent: tuple[str, ...]
    items: tuple[str, ...]


STUDIES = {
    "plain": KnownWorlds(lambda seed: made_up(seed=seed), MEMORIES, (*OF_TOPICS, *OF_MARKS), ("quality", "engagement")),
    # Levels of chances go with what is taken for usual marks, and are not told apart from it.
    "marks": KnownWorlds(
        made_up_with_marks,
        MEMORIES,
        (*OF_TOPICS, "end", "short_share", "churn"),
        ("quality", *(f"mark_{name}" for name in MOVED)),
    ),
    "habits": KnownWorlds(made_up_with_habits, TOPICS, (*OF_MEMORIES, *OF_MARKS), ("quality", "engagement")),
}
"""By name."""


def coverage_tables(
    first: int,
    last: int,
    *,
    study: KnownWorlds = STUDIES["plain"],
    users: int = 240,
    steps: int = 80,
    bootstrap: int = 5,
    settings: FitWorldSettings = SETTINGS,
) -> Iterator[pd.DataFrame]:
    """The numbers of one made-up world after another, fitted, with their truth.

    Args:
        first: Seed of the first world.
        last: Before which seed to stop.
        study: Which worlds.
        users: Of each log, under random slates.
        steps: Slates of a user, at most.
        bootstrap: Fits to users drawn with replacement.
        settings: How worlds are fitted.

    Yields:
        ``name``, ``value``, ``low``, ``high``, ``true`` and ``seed``: a row a number, and one an item of every column
        of items. Marks that a fit does not have hold no truth.
    """
    for seed in range(first, last):
        world = study.made(seed)
        lives = _logged(world, users, steps, seed)
        place = np.array([int(item) for item in lives.items])
        fitter = Fitter(KnownItems(world.topic[place]), settings, seed, lambda line: None)
        found = parameters_of(fitter.fit(lives, study.terms), lives, fitter.known, np.ones(len(lives.users)))
        again = tuple(replicates_of(bootstrap, study.terms, lives, fitter))
        numbers = numbers_table(found, again)
        numbers = numbers[~numbers.name.isin(NO_TRUTH + study.absent)]
        numbers = numbers.assign(true=numbers.name.map(_truth(world, found)))
        items = _items(study, world, place, items_table(found, again))
        yield pd.concat([numbers, *items], ignore_index=True)[[*ENDS, "true"]].assign(seed=seed)


def shares_held(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """One row a number, or column of items, over all fits.

    Columns are the means ``true`` and ``value``, ``sd`` of the values, the median ``width`` of intervals, and ``held``,
    the share of these that hold the truth.
    """
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
    told = world.numbers()
    told["no_click"] -= float(world.quality.mean())
    return {**told, "end": visits.end + visits.content * (usual - 1.0), "content": visits.content * usual}


def _items(
    study: KnownWorlds, world: FittedParameters, place: NDArray[np.int64], table: pd.DataFrame
) -> Iterator[pd.DataFrame]:
    """Columns of items, each with its ends and its truth, of the items at ``place`` in the world."""
    truth = {"quality": world.quality - world.quality.mean(), "engagement": world.engagement}
    if world.marks is not None:
        truth |= {f"mark_{name}": world.marks[:, which] for which, name in enumerate(MOVED)}
    for name in study.items:
        columns = {"value": name, "low": f"{name}_low", "high": f"{name}_high"}
        told = {ours: table.get(theirs, np.nan) for ours, theirs in columns.items()}
        yield pd.DataFrame({"name": f"{name} of an item", **told, "true": truth[name][place]})


def _main(study: str, first: int, last: int, users: int = 240, steps: int = 80, bootstrap: int = 5) -> None:
    """Print the shares of every fit as it comes, and those of all."""
    tables: list[pd.DataFrame] = []
    made = STUDIES[study]
    for table in coverage_tables(first, last, study=made, users=users, steps=steps, bootstrap=bootstrap):
        tables.append(table)
        held = shares_held([table])
        print(
            f"seed {table.seed[0]}", held[["true", "value", "width", "held"]].round(3).to_string(), sep="\n", flush=True
        )
    held = shares_held(tables)
    print("all", held.round(3).to_string(), f"mean of the shares: {held.held.mean():.3f}", sep="\n")


if __name__ == "__main__":
    _main(sys.argv[1], *(int(word) for word in sys.argv[2:]))
