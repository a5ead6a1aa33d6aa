"""What the long term is worth in a world: returns of random slates, the myopic oracle and the planner."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.comparison.comparison import INTERRUPTED, Entry, build_entries, compare
from driftrec.agents.evaluation.tables import text_table
from driftrec.agents.policy import Policy, PolicyError
from driftrec.agents.runs.folders import check_users, drawn
from driftrec.agents.setup import Setup, WorldArgs, set_up
from driftrec.agents.worlds.kit import Effort
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


def main(args: Args) -> None:
    """Print the three returns with 95 % intervals, and their ratios.

    Raises:
        ValueError: If there are fewer than two users, or tuning is asked for where nothing is tuned.
    """
    check_users(args.users)
    seed = drawn(args.seed)
    setup = set_up(args, progress=sys.stderr.isatty())
    entries = build_entries(setup, ("random", "myopic-oracle"), seed=seed)
    entries.append(Entry("planner", {None: _planner(setup, args)}))
    summary = compare(setup, entries, users=args.users, seed=seed, baseline="myopic-oracle").summary
    for why in summary["failed"].values():  # without one of the three there is no ratio
        raise KeyboardInterrupt if why == INTERRUPTED else PolicyError(why)
    print(text_table(summary))
    if note := kit_of(setup).note(setup):
        print(note)
    mean = {name: policy["engagement"]["mean"] for name, policy in summary["policies"].items()}
    print(f"planner / myopic oracle = {mean['planner'] / mean['myopic-oracle']:.2f}")
    print(f"myopic oracle / random = {mean['myopic-oracle'] / mean['random']:.2f}")
    print(f"click rate under random slates = {summary['policies']['random']['click_rate']['mean']:.1%}")


def _planner(setup: Setup, args: Args) -> Policy:
    """The planner, with weights tuned as ``args`` say where it has some, which are printed.

    Raises:
        ValueError: If tuning is asked for where the planner's weights are not tuned here.
    """
    kit, effort = kit_of(setup), Effort(args.tuning_users, args.tuning_rounds, args.retune)
    if effort != Effort() and not kit.tunes_planner:
        raise ValueError(f"The planner of {setup.args.world} comes as it is; leave --retune and --tuning-... out.")
    planner = kit.planner(setup, effort, print)
    if kit.tunes_planner:
        print(f"Planner: {planner.weights}")  # type: ignore[attr-defined]
    return planner


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("gap")
