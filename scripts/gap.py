"""What the long term is worth in a world: returns of random slates, the myopic oracle and the planner.

With --full the planner stands beside all its rivals, and every mechanism of the world is switched off in turn; the
tables are written to a folder, too.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.comparison.comparison import INTERRUPTED, compare
from driftrec.agents.comparison.entries import Entry, build_entries
from driftrec.agents.comparison.full_gap import full_gap
from driftrec.agents.evaluation.tables import text_table
from driftrec.agents.policy import PolicyError
from driftrec.agents.runs.folders import check_users, drawn, run_folder
from driftrec.agents.setup import Setup, WorldArgs, set_up
from driftrec.agents.worlds.kit import Effort, Kit
from driftrec.agents.worlds.kits import kit_of


@dataclass(frozen=True)
class Args(WorldArgs):
    """What the long term is worth in a world."""

    users: int = 1000
    """Evaluation users."""
    seed: int | None = None
    """Seed of users, draws and intervals; drawn and printed when omitted."""
    retune: bool = False
    """Tune the planner's weights now, even where tuned ones are at hand."""
    tuning_users: int = Effort.users
    """Users that each candidate of the planner's weights meets."""
    tuning_rounds: int = Effort.rounds
    """Rounds of tuning."""
    full: bool = False
    """The planner beside all its rivals, and every mechanism switched off."""
    ablations: bool = True
    """Switch mechanisms off, too, which tunes planner and rivals anew for each."""
    rollouts: int = 0
    """Users for whom the planner is improved by simulation in every step, to see how near to a limit it is; with
    --full. 64 take some ten minutes."""
    out: Path | None = None
    """Folder of the full tables, empty or new; the next numbered one in runs/ when omitted."""


def main(args: Args) -> None:
    """Print the three returns with 95 % intervals, and their ratios; without a planner's where none is known.

    Raises:
        ValueError: If there are fewer than two users, or tuning is asked for where nothing is tuned, or rollouts
            without the full tables.
    """
    check_users(args.users)
    seed = drawn(args.seed)
    setup = set_up(args, progress=sys.stderr.isatty())
    kit = kit_of(setup)
    effort = Effort(args.tuning_users, args.tuning_rounds, args.retune)
    if args.rollouts:
        if not args.full:
            raise ValueError(f"--rollouts is {args.rollouts}, which is for the full tables; add --full.")
        check_users(args.rollouts, "--rollouts")
    if args.full:
        with run_folder(args.out, "gap") as folder:
            _full(args, setup, kit, effort, seed, folder)
        return
    entries = build_entries(setup, ("random", "myopic-oracle"), seed=seed)
    if effort != Effort() and not kit.tunes_planner:
        has = "The planner of {} comes as it is" if kit.plans else "{} has no planner"
        raise ValueError(f"{has.format(args.world)}; leave --retune and --tuning-... out.")
    if kit.plans:
        entries.append(Entry("planner", {None: kit.planner(setup, effort, print)}))
    summary = compare(setup, entries, users=args.users, seed=seed, baseline="myopic-oracle").summary
    for why in summary["failed"].values():  # without one of the three there is no ratio
        raise KeyboardInterrupt if why == INTERRUPTED else PolicyError(why)
    print(text_table(summary))
    for label, weights in summary["planner_weights"].items():
        print(f"Weights of {label}: {weights}")
    if note := kit.note(setup):
        print(note)
    mean = {name: policy["engagement"]["mean"] for name, policy in summary["policies"].items()}
    if kit.plans:
        print(f"planner / myopic oracle = {_ratio(mean['planner'], mean['myopic-oracle'])}")
    else:
        print(f"No planner is known of {args.world}, so what the long term is worth there cannot be told.")
    print(f"myopic oracle / random = {_ratio(mean['myopic-oracle'], mean['random'])}")
    print(f"click rate under random slates = {summary['policies']['random']['click_rate']['mean']:.1%}")


def _ratio(of: float, to: float) -> str:
    """One mean over another, in words where few users earned nothing at all."""
    return f"{of / to:.2f}" if to else "not to be told: nothing was earned; take more --users"


def _full(args: Args, setup: Setup, kit: Kit, effort: Effort, seed: int, folder: Path) -> None:
    """Print and write the full tables."""
    gap = full_gap(
        setup, kit, users=args.users, seed=seed, effort=effort, ablate=args.ablations, rollouts=args.rollouts
    )
    gap.write(folder)
    print(gap.text())
    print(f"Written to {folder}")


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("gap")
