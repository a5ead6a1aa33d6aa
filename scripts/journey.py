"""Follow one user under several policies: a picture, and what happened step by step in words and as a table."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.comparison.comparison import Entry, build_entries
from driftrec.agents.evaluation.follow import Life, follow
from driftrec.agents.evaluation.impressions import SUFFIXES
from driftrec.agents.evaluation.tables import write_table
from driftrec.agents.known import policies_in_words
from driftrec.agents.plots.lives_plot import user_lives
from driftrec.agents.plots.looks import looks_of
from driftrec.agents.plots.plots import write_figures
from driftrec.agents.runs.description import description, recorded
from driftrec.agents.runs.folders import check_empty, drawn, run_folder, write_config
from driftrec.agents.setup import Setup, WorldArgs, set_up
from driftrec.simulators.noise import user_seeds

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
    out: Path | None = None
    """Run folder, new or empty; the next of runs/NNNN-journey when omitted."""
    parquet: bool = False
    """Write the tables as Parquet; otherwise they are CSV."""


def main(args: Args) -> None:
    """Follow, print the first steps, and say where the folder is.

    Raises:
        ValueError: If a policy is unknown, or there is no such user.
        FileExistsError: If the run folder holds anything.
    """
    if args.user < 0:
        raise ValueError(f"--user is {args.user}; users are counted from 0.")
    check_empty(args.out)
    seed = drawn(args.seed)
    setup = set_up(args, progress=sys.stderr.isatty())
    entries = build_entries(setup, args.policies, seed=seed, report=print)
    found = {entry.label: _followed(setup, entry, args.user, seed) for entry in entries}
    with run_folder(args.out, "journey") as folder:
        write_config(folder, {**asdict(args), **recorded(setup), "seed": seed})
        _write(folder, found, args.parquet)
        oracles = [entry.label for entry in entries if entry.oracle]
        title = f"User {args.user} in {description(setup)}"
        tables = _joined(found)
        look = looks_of(found, oracles)
        figure = user_lives(tables["impressions"], tables["hidden"], look, title, setup.world.unit)
        write_figures(folder, {"journey": figure})
    first = next(iter(found))
    print(f"{first}, the first steps:\n" + "\n".join(found[first].words[:4]))
    print(f"Run folder: {folder}")


def _followed(setup: Setup, entry: Entry, user: int, seed: int) -> Life:
    """The user's life under the first of a policy's training seeds."""
    whose = user_seeds(seed, "evaluation", user + 1)[user]
    policy = next(iter(entry.policies.values()))
    return follow(setup.world, policy, whose, horizon=setup.horizon, seed=seed, name=entry.label)


def _joined(found: dict[str, Life]) -> dict[str, pd.DataFrame]:
    """The tables of all policies, with a column that says whose a row is."""
    return {
        name: pd.concat([getattr(life, name).assign(policy=label) for label, life in found.items()], ignore_index=True)
        for name in ("impressions", "hidden")
    }


def _write(folder: Path, found: dict[str, Life], parquet: bool) -> None:
    """Words, a file a policy, and both tables."""
    for number, (label, life) in enumerate(found.items(), 1):
        words = "\n".join([f"Policy {label}", *life.words, ""])
        (folder / f"journey-{number}.txt").write_text(words, encoding="utf-8")
    for name, table in _joined(found).items():
        file = folder / f"{name}{SUFFIXES[parquet]}"
        if parquet:
            table.to_parquet(file, index=False)
        else:
            write_table(table, file)


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("journey")
