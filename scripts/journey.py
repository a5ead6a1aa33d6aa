"""Follow one user under several policies: a picture, and what happened step by step in words and as a table."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.comparison.entries import Entry, build_entries
from driftrec.agents.evaluation.follow import Life, follow
from driftrec.agents.evaluation.tables import write_table
from driftrec.agents.known import policies_in_words
from driftrec.agents.logbook.log_table import SUFFIXES
from driftrec.agents.plots.lives_plot import user_lives
from driftrec.agents.plots.looks import looks_of
from driftrec.agents.plots.plots import write_figures
from driftrec.agents.runs.description import description, recorded
from driftrec.agents.runs.folders import check_empty, drawn, run_folder, write_config
from driftrec.agents.setup import Setup, WorldArgs, set_up
from driftrec.agents.worlds.kit import Effort
from driftrec.agents.worlds.kits import kit_of
from driftrec.scripts.compare import notes_on_runs
from driftrec.simulators.files import replacing, write_text
from driftrec.simulators.noise import user_seeds

MOST_USERS = 10_000_000
"""Numbers of users to choose from: their seeds are drawn in a row."""

__doc__ = f"{__doc__}\n\n{policies_in_words()}"


@dataclass(frozen=True)
class Args(WorldArgs):
    """Follow one user under several policies."""

    policies: tuple[str, ...] = ("random", "myopic-oracle")
    """Those to follow the user under, by the names above; up to four are easy to look at."""
    user: int = 0
    """Which of the evaluation users: with the same seed the one of that number in `driftrec compare`."""
    seed: int | None = None
    """Seed of users and draws; drawn, printed and stored when omitted."""
    planner_effort: tuple[int, int] = (Effort.users, Effort.rounds)
    """Users and rounds with which the planner is tuned where no weights are at hand, such as 32 2 for a quick look."""
    out: Path | None = None
    """Run folder, new or empty; the next of runs/NNNN-journey when omitted."""
    parquet: bool = False
    """Write the tables as Parquet; otherwise they are CSV."""


def main(args: Args) -> None:
    """Follow, print the first steps, and say where the folder is.

    Raises:
        ValueError: If a policy is unknown or stands for several runs, or there is no such user.
        FileExistsError: If the run folder holds anything.
    """
    if not 0 <= args.user < MOST_USERS:
        raise ValueError(f"--user is {args.user}; users are counted from 0, and {MOST_USERS:,} are enough.")
    if not args.policies:
        raise ValueError("--policies names none; name one, such as random.")
    if min(args.planner_effort) < 1:
        raise ValueError(f"--planner-effort is {args.planner_effort}; both users and rounds must be at least 1.")
    check_empty(args.out)
    seed = drawn(args.seed)
    setup = set_up(args, progress=sys.stderr.isatty())
    for note in notes_on_runs(setup, args.policies):
        print(note)
    entries = build_entries(setup, args.policies, seed=seed, report=print, effort=Effort(*args.planner_effort))
    for entry in entries:
        if len(entry.policies) > 1:
            raise ValueError(f"{entry.label} stands for {len(entry.policies)} runs; a user is followed under one each.")
    found = {entry.label: _followed(setup, entry, args.user, seed) for entry in entries}
    with run_folder(args.out, "journey") as folder:
        write_config(folder, {**asdict(args), **recorded(setup), "seed": seed})
        tables = _joined(found, args.user, _seed_of(args.user, seed))
        _write(folder, found, tables, args.parquet)
        look = looks_of(found, [entry.label for entry in entries if entry.oracle])
        title = f"User {args.user} in {description(setup)}"
        figure = user_lives(tables["impressions"], tables["hidden"], look, title, setup.world.unit)
        write_figures(folder, {"journey": figure})
    if note := kit_of(setup).note(setup):
        print(note)
    first = next(iter(found))
    print(f"{first}, the first steps:\n" + "\n".join(found[first].words[:4]))
    print(f"Run folder: {folder}")


def _followed(setup: Setup, entry: Entry, user: int, seed: int) -> Life:
    """The user's life under a policy."""
    (policy,) = entry.policies.values()
    whose, topics = _seed_of(user, seed), kit_of(setup).topics(setup)
    return follow(setup.world, policy, whose, horizon=setup.horizon, seed=seed, name=entry.label, topics=topics)


def _seed_of(user: int, seed: int) -> np.uint64:
    """The seed of the user of that number in a comparison with ``seed``."""
    return user_seeds(seed, "evaluation", user + 1)[user]


def _joined(found: dict[str, Life], user: int, user_seed: np.uint64) -> dict[str, pd.DataFrame]:
    """The tables of all policies, with columns that say whose a row is, as in a comparison."""
    tables = {}
    for name in ("impressions", "hidden"):
        parts = [getattr(life, name).assign(policy=label) for label, life in found.items()]
        tables[name] = pd.concat(parts, ignore_index=True).assign(user=user, user_seed=user_seed)
    return tables


def _write(folder: Path, found: dict[str, Life], tables: dict[str, pd.DataFrame], parquet: bool) -> None:
    """Words, a file a policy, and both tables."""
    for number, (label, life) in enumerate(found.items(), 1):
        words = "\n".join([f"Policy {label}", *life.words, ""])
        write_text(folder / f"journey-{number}.txt", words)
    for name, table in tables.items():
        file = folder / f"{name}{SUFFIXES[parquet]}"
        if parquet:
            with replacing(file) as part:
                table.to_parquet(part, index=False)
        else:
            write_table(table, file)


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("journey")
