"""What the long term is worth in a world: returns of random slates, the myopic oracle and the planner."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.comparison.comparison import INTERRUPTED, Entry, build_entries, compare
from driftrec.agents.evaluation.tables import text_table
from driftrec.agents.known_policies import Setup, open_world
from driftrec.agents.oracles import Planner
from driftrec.agents.oracles.tuned import ROUNDS, USERS, planner_weights
from driftrec.agents.policy import Policy, PolicyError
from driftrec.agents.runs.folders import check_users, drawn
from driftrec.agents.setup import NEWS, WorldArgs
from driftrec.agents.worlds import published
from driftrec.agents.worlds.published_setup import PublishedSetup


@dataclass(frozen=True)
class Args(WorldArgs):
    """What the long term is worth in a world."""

    users: int = 1000
    """Evaluation users."""
    seed: int | None = None
    """Seed of users, draws and intervals; drawn and printed when omitted."""
    retune: bool = False
    """Tune the planner's weights now, even where tuned ones are at hand."""
    tuning_users: int = USERS
    """Users that each candidate of the planner's weights meets."""
    tuning_rounds: int = ROUNDS
    """Rounds of tuning."""


def main(args: Args) -> None:
    """Print the three returns with 95 % intervals, and their ratios.

    Raises:
        ValueError: If there are fewer than two users, or tuning is asked for where nothing is tuned.
    """
    check_users(args.users)
    seed = drawn(args.seed)
    setup = open_world(args, progress=sys.stderr.isatty())
    entries = build_entries(setup, ("random", "myopic-oracle"), seed=seed)
    entries.append(Entry("planner", {None: _planner(setup, args)}))
    summary = compare(setup, entries, users=args.users, seed=seed, baseline="myopic-oracle").summary
    for why in summary["failed"].values():  # without one of the three there is no ratio
        raise KeyboardInterrupt if why == INTERRUPTED else PolicyError(why)
    print(text_table(summary))
    if setup.note:
        print(setup.note)
    mean = {name: policy["engagement"]["mean"] for name, policy in summary["policies"].items()}
    print(f"planner / myopic oracle = {mean['planner'] / mean['myopic-oracle']:.2f}")
    print(f"myopic oracle / random = {mean['myopic-oracle'] / mean['random']:.2f}")
    print(f"click rate under random slates = {summary['policies']['random']['click_rate']['mean']:.1%}")


def _planner(setup: Setup, args: Args) -> Policy:
    """The planner, on news with weights tuned as ``args`` say, which are printed.

    Raises:
        ValueError: If tuning is asked for where the planner's weights are not tuned here.
    """
    if isinstance(setup, PublishedSetup):
        if (args.retune, args.tuning_users, args.tuning_rounds) != (Args.retune, Args.tuning_users, Args.tuning_rounds):
            raise ValueError(f"--retune and --tuning-... are for {NEWS}; planners of published worlds come tuned.")
        return published.planner(setup)
    weights = planner_weights(
        setup.world,
        setup.horizon,
        retune=args.retune,
        users=args.tuning_users,
        rounds=args.tuning_rounds,
        report=print,
    )
    print(f"Planner: {weights}")
    return Planner(setup.world, weights)


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("gap")
