"""What the long term is worth in a world: returns of random slates, the myopic oracle and the planner."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.comparison import build_entries, compare
from driftrec.agents.evaluation.tables import text_table
from driftrec.agents.known_policies import open_world
from driftrec.agents.oracles.tuned import planner_weights
from driftrec.agents.runs import check_users, drawn
from driftrec.agents.world_setup import WorldArgs, WorldSetup


@dataclass(frozen=True)
class Args(WorldArgs):
    """What the long term is worth in a world."""

    users: int = 1000
    """Evaluation users."""
    seed: int | None = None
    """Seed of users, draws and intervals; drawn and printed when omitted."""
    retune: bool = False
    """Tune the planner's weights now, even where tuned ones are at hand."""
    tuning_users: int = 128
    """Users that each candidate of the planner's weights meets."""
    tuning_rounds: int = 5
    """Rounds of tuning."""


def main(args: Args) -> None:
    """Print the three returns with 95 % intervals, and their ratios.

    Raises:
        ValueError: If there are fewer than two users.
    """
    check_users(args.users)
    seed = drawn(args.seed)
    setup = open_world(args, progress=sys.stderr.isatty())
    if isinstance(setup, WorldSetup):
        _tune(setup, args)
    entries = build_entries(setup, ("random", "myopic-oracle", "planner"), seed=seed, report=print)
    summary = compare(setup, entries, users=args.users, seed=seed, baseline="myopic-oracle").summary
    print(text_table(summary))
    mean = {name: policy["engagement"]["mean"] for name, policy in summary["policies"].items()}
    print(f"planner / myopic oracle = {mean['planner'] / mean['myopic-oracle']:.2f}")
    print(f"myopic oracle / random = {mean['myopic-oracle'] / mean['random']:.2f}")
    print(f"click rate under random slates = {summary['policies']['random']['click_rate']['mean']:.1%}")


def _tune(setup: WorldSetup, args: Args) -> None:
    """Have the planner's weights at hand, and print them."""
    weights = planner_weights(
        setup.world,
        setup.horizon,
        retune=args.retune,
        users=args.tuning_users,
        rounds=args.tuning_rounds,
        report=print,
    )
    print(f"Planner: {weights}")


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("gap")
