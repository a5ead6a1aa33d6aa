"""Say what a policy is good at: a battery of small experiments, each 0 at random and 1 at a reference.

Writes a table, a picture and score.json to a run folder. docs/scorecard.md tells what every number means.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import tyro

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.comparison.entries import build_entries
from driftrec.agents.known import policies_in_words
from driftrec.agents.plots.adapting_plot import adapting_figures
from driftrec.agents.plots.plots import write_figures
from driftrec.agents.plots.scorecard_plot import scores
from driftrec.agents.runs.description import recorded
from driftrec.agents.runs.folders import check_empty, check_users, drawn, rescue, run_folder, write_config
from driftrec.agents.scorecard.battery import experiments_named
from driftrec.agents.scorecard.own_world import world_of
from driftrec.agents.scorecard.score_table import latency_row, score_text
from driftrec.agents.scorecard.scorecard import scorecard, write_score
from driftrec.agents.scorecard.stages import Stage, Stages
from driftrec.agents.scorecard.waiting import waited
from driftrec.agents.setup import PlacedArgs, set_up
from driftrec.agents.worlds.kit import Effort
from driftrec.scripts.compare import notes_on_runs

__doc__ = f"{__doc__}\n\n{policies_in_words()}"


@dataclass(frozen=True)
class Args(PlacedArgs):
    """Say what a policy is good at."""

    policies: tyro.conf.Positional[tuple[str, ...]] = ()
    """Those to score side by side, by the names above."""
    world: str = ""
    """Environment id; when omitted that of the runs among the policies, or else driftrec/News-v0."""
    users: int = 1000
    """Users of every experiment, the same for every policy."""
    seed: int | None = None
    """Seed of users, draws and intervals; drawn, printed and stored when omitted. Same seed, same scores."""
    experiments: tuple[str, ...] = ()
    """Names of experiments to make, such as "following a jump"; all when omitted."""
    latency: bool = True
    """Time the policies, too."""
    planner_effort: tuple[int, int] = (Effort.users, Effort.rounds)
    """Users and rounds with which the planner is tuned where no weights are at hand, such as 32 2 for a quick look."""
    out: Path | None = None
    """Run folder, new or empty; the next of runs/NNNN-score when omitted."""


def main(args: Args) -> None:
    """Score, print the table, and say where the run folder is.

    Raises:
        ValueError: If a policy is unknown, runs are of several worlds, or there are fewer than two users.
        FileExistsError: If the run folder holds anything.
        SystemExit: With status 1, if a policy failed everywhere.
    """
    check_users(args.users)
    if not args.policies:
        raise ValueError("No policies to score; name some, such as content.")
    if min(args.planner_effort) < 1:
        raise ValueError(f"--planner-effort is {args.planner_effort}; both users and rounds must be at least 1.")
    check_empty(args.out)
    battery = experiments_named(args.experiments)
    there = world_of(args, args.policies)
    seed, effort = drawn(args.seed), Effort(*args.planner_effort)
    setup = set_up(there, progress=sys.stderr.isatty(), device=args.device)
    for note in notes_on_runs(setup, args.policies):
        print(note)
    entries = build_entries(setup, args.policies, seed=seed, report=print, effort=effort)
    with run_folder(args.out, "score") as folder, tempfile.TemporaryDirectory() as scratch:
        write_config(folder, {**asdict(args), **recorded(setup), "seed": seed, "fingerprints": setup.fingerprints()})
        here = Stage(setup, entries, effort=effort, report=print)
        stages = Stages(here, args.policies, seed, Path(scratch))
        card = scorecard(stages, users=args.users, seed=seed, battery=battery, report=print)
        if args.latency:
            card["timed"] = waited(setup, entries, seed)
        rescue(folder, lambda where: write_score(where, card))
        print(f"\n{score_text(card)}", flush=True)
        rows = [*card["experiments"], *([latency_row(card)] if args.latency else [])]
        bars = scores(rows, card["policies"], f"What policies are good at in {card['world']}")
        write_figures(folder, {"score": bars, **adapting_figures(card)})
    print(f"Run folder: {folder}")
    failed = [label for label in card["policies"] if not any(label in made["scores"] for made in card["experiments"])]
    if failed:
        print(f"{' and '.join(failed)} failed in every experiment; the notes above say why.", file=sys.stderr)
        raise SystemExit(1)


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("score")
