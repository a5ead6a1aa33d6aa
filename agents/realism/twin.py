"""A world is fitted to a log of another world, its twin: do both rank the same eight policies alike?

python -m driftrec.agents.realism.twin WORLD [SLATES USERS SEED]
"""

from __future__ import annotations

import resource
import sys
import tempfile
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from driftrec.agents.baselines import Content, Epsilon, Random
from driftrec.agents.evaluation.play import play
from driftrec.agents.fitting_worlds.fitter import Fitter, Report
from driftrec.agents.fitting_worlds.held_out import LADDER, ordered
from driftrec.agents.fitting_worlds.lives import LoggedUsers, told_lives
from driftrec.agents.fitting_worlds.mechanisms import choose
from driftrec.agents.fitting_worlds.taste_fit import FitWorldSettings
from driftrec.agents.fitting_worlds.taste_model import KnownItems
from driftrec.agents.fitting_worlds.texts import leading
from driftrec.agents.fitting_worlds.world_parts import parameters_of
from driftrec.agents.logbook.log_reader import read_log
from driftrec.agents.logbook.log_table import PROPENSITIES
from driftrec.agents.logbook.log_writer import LogWriter
from driftrec.agents.realism.twin_ranks import catalogue_rows, offers_of, ranked
from driftrec.agents.setup import Setup, WorldArgs, set_up
from driftrec.agents.worlds.kits import item_ids
from driftrec.simulators.fitted.parameters import FittedParameters
from driftrec.simulators.noise import user_seeds

AT_ONCE = 256
"""Users that a policy serves beside each other while the log is written."""

EXPLORES = 0.3
"""Share of random slates of the logging policy that is none but random."""

UNASKED = ("user_seed", "candidates", *PROPENSITIES)
"""Columns of the log that no fit asks for."""

USUAL = FitWorldSettings(dims=16, epochs=15)
"""As of ``driftrec fit``, but for more passes and dimensions.

Of short lives little of a user's own interest is learned in one pass, and 12 or 18 topics do not fit into 8 dimensions.
"""


def write_log(setup: Setup, file: Path, slates: int, seed: int) -> int:
    """A log of at least so many slates; how many there are.

    Half the users are shown random slates, half those of ``content`` and now and then random ones.
    """
    context, written = setup.context, 0
    logging: dict[str, Any] = {"random": Random(context), "own": Epsilon(Content(context), context, EXPLORES)}
    with LogWriter(file) as log:
        while written < slates:
            for name, policy in logging.items():
                seeds = user_seeds(seed + written, name, AT_ONCE)
                _, steps = play(setup.world, policy, seeds, horizon=setup.horizon, seed=seed)
                version = str(written)
                tap = log.tap(setup.world, seeds, policy, name=name, version=version, ids=item_ids(setup))
                for step in steps:
                    tap(step)
                    written += step.present.size
    return written


def twin_of(
    setup: Setup, lives: LoggedUsers, settings: FitWorldSettings, seed: int, report: Report
) -> FittedParameters:
    """The world that ``driftrec fit`` makes of a log by these settings, with topics and texts, without its tables."""
    rows = catalogue_rows(setup, lives.items)
    assert setup.setting is not None
    topic = np.unique(setup.setting.catalogue.topic[rows], return_inverse=True)[1].astype(np.int64)
    known = KnownItems(topic, leading(setup.setting.item_embeddings[rows]))
    fitter = Fitter(known, settings, seed, report)
    model = choose(fitter.fit(lives, LADDER[ordered(lives)[-1]]), lives, fitter).model
    return parameters_of(model, lives, known, np.ones(len(lives.users)))


def made_twin(
    world: str, file: Path, settings: FitWorldSettings, slates: int, seed: int, report: Report
) -> tuple[Setup, FittedParameters]:
    """A world, and its twin from a log that is written to ``file``, which must be new; with time and memory of each."""
    setup = set_up(WorldArgs(world))
    begun = process_time()
    written = write_log(setup, file, slates, seed)
    report(f"{written:,} slates of {world} written, {process_time() - begun:.0f} CPU seconds")
    begun = process_time()
    lives = told_lives(read_log(file, without=UNASKED))
    report(f"read, {process_time() - begun:.0f} CPU seconds, {peak_gb():.1f} GB at the peak")
    begun = process_time()
    twin = twin_of(setup, lives, settings, seed, report)
    report(f"fitted, {process_time() - begun:.0f} CPU seconds, {peak_gb():.1f} GB at the peak")
    return setup, twin


def peak_gb() -> float:
    """Memory of this process at its peak, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _main(world: str, slates: int = 100_000, users: int = 500, seed: int = 1) -> None:
    """Write, fit, rank, and say what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.parquet"
        setup, twin = made_twin(world, file, USUAL, slates, seed, say)
        offers = offers_of(setup, file)
    found = ranked(setup, twin, users, seed, offers)
    say(found.table(seed).round(1).to_string(index=False))
    for name, one in found.agreement(seed).items():
        say(f"{name} {one.mean:.2f} [{one.low:.2f}, {one.high:.2f}]")
    say(f"{process_time():.0f} CPU seconds, {peak_gb():.1f} GB at the peak")


def say(line: str) -> None:
    """Print it at once."""
    print(line, flush=True)


if __name__ == "__main__":
    _main(sys.argv[1], *(int(word) for word in sys.argv[2:]))
