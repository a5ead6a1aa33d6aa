"""Worlds of known numbers are simulated and fitted: how often do the 95 % intervals hold the truth?"""

import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from driftrec.agents.baselines import Random
from driftrec.agents.evaluation.play import play
from driftrec.agents.fitting_worlds.fit_world import replicates_of
from driftrec.agents.fitting_worlds.lives import told_lives
from driftrec.agents.fitting_worlds.numbers_table import numbers_table
from driftrec.agents.fitting_worlds.taste_fit import FitWorldSettings, fit_tastes
from driftrec.agents.fitting_worlds.taste_model import KnownItems
from driftrec.agents.fitting_worlds.world_parts import parameters_of
from driftrec.agents.logbook.log_reader import read_log
from driftrec.agents.logbook.log_writer import LogWriter
from driftrec.agents.setup import context_of
from driftrec.simulators.fitted.example import made_up
from driftrec.simulators.fitted.fitted_world import FittedWorld
from driftrec.simulators.noise import user_seeds

MECHANISMS = ("own", "fast", "slow", "satiation")
ABSENT = ("session", "usual", "slate_hours")
"""Numbers of which there is no truth to be found: the world has none, or their unit is a convention."""


def logged(world, users, steps, seed):
    """What users of a world do under random slates of five."""
    there = FittedWorld(world, slate_size=5)
    policy, seeds = Random(context_of(there)), user_seeds(seed, "log", users)
    _, served = play(there, policy, seeds, horizon=steps, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.parquet"
        with LogWriter(file) as log:
            tap = log.tap(there, seeds, policy, name="random")
            for step in served:
                tap(step)
        return told_lives(read_log(file))


def truth(world, found):
    """The world's numbers as a fit tells them: quality around 0, content beside the usual engagement that it found."""
    visits, usual = world.visits, found.visits.usual / world.visits.usual
    told = {**asdict(world.tastes), **asdict(visits)}
    told["no_click"] -= float(world.quality.mean())
    return {**told, "end": visits.end + visits.content * (usual - 1), "content": visits.content * usual}


def one(seed, users, steps, bootstrap, settings):
    """The table of numbers of one world's fit, with ``true``."""
    world = made_up(seed=seed)
    lives = logged(world, users, steps, seed)
    known = KnownItems(world.topic[[int(item) for item in lives.items]])
    model = fit_tastes(lives, MECHANISMS, known, settings, seed)
    found = parameters_of(model, lives, known, np.ones(len(lives.users)))
    told = (settings, seed, lambda line: None)
    table = numbers_table(found, tuple(replicates_of(bootstrap, model, lives, known, *told)))
    return table[~table.name.isin(ABSENT)].assign(true=lambda t: t.name.map(truth(world, found)), seed=seed)


def main(first=0, last=20, users=240, steps=80, bootstrap=5, settings=None):
    """Share of fits whose interval holds the truth, by number: of the worlds ``first`` to before ``last``."""
    tables = []
    for seed in range(first, last):
        tables.append(one(seed, users, steps, bootstrap, settings or FitWorldSettings(dims=3)))
        print(tables[-1].round(3).to_csv(index=False, header=not seed), end="", flush=True)
    every = pd.concat(tables)
    every["held"] = every.true.between(every.low, every.high)
    every["width"] = every.high - every.low
    return every.groupby("name", sort=False).agg(
        {"true": "mean", "value": ["mean", "std"], "width": "median", "held": "mean"}
    )


if __name__ == "__main__":
    share = main(*(int(each) for each in sys.argv[1:]))
    print(share.round(3).to_string(), f"all: {share['held', 'mean'].mean():.3f}", sep="\n")
