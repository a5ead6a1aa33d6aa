"""Deploy policies in rounds while the world moves: serve, write down, learn, evaluate, promote or not, serve again.

Writes rounds.csv, summary.json, pictures and every version of every arm to a run folder, which --resume goes on with.
docs/rounds.md tells what moves and what the numbers are.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, fields
from pathlib import Path

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.engines.engine import Engine, EngineName, engine_named
from driftrec.agents.logbook.log_writer import LogWriter
from driftrec.agents.plots.plots import write_figures
from driftrec.agents.plots.rounds_plot import rounds_figures
from driftrec.agents.rounds.arms import ABOUT, arms_of
from driftrec.agents.rounds.folder import RoundsFolder, check_same, resumed, stamp
from driftrec.agents.rounds.joined_log import join_logs
from driftrec.agents.rounds.loop import play_rounds
from driftrec.agents.rounds.plan import Deployment, Plan
from driftrec.agents.rounds.rounds_table import summary_text
from driftrec.agents.runs.description import recorded
from driftrec.agents.runs.folders import check_empty, drawn, run_folder, write_config
from driftrec.agents.setup import PlacedArgs, WorldArgs, json_object, set_up
from driftrec.agents.worlds.kits import fitting
from driftrec.agents.worlds.settings import TrainSettings
from driftrec.simulators.moving.moves import Moves
from driftrec.simulators.settings import updated

__doc__ = f"{__doc__}\nArms: {'; '.join(f'{name} ({about})' for name, about in ABOUT.items())}. Behind those that learn"
__doc__ += ' "@" and what stands for items and people, such as ppo@ids.'


@dataclass(frozen=True)
class Args(PlacedArgs):
    """Deploy policies in rounds while the world moves."""

    world: str = "driftrec/Video-v0"
    """Environment id: Video-v0, Music-v0, NewsStream-v0, Shop-v0, or Fitted-v0 with --options."""
    arms: tuple[str, ...] = ("frozen", "refit", "ppo", "scratch")
    """What is compared, by the names above; the others are set beside the first."""
    rounds: int = Plan.rounds
    """How many."""
    users: int = Plan.users
    """Places of users who are served, the same for every arm."""
    held_out: int = Plan.held_out
    """Users of every evaluation, whom nobody learns from."""
    tolerance: float = Plan.tolerance
    """By how much a candidate may be worse, at the lower end of the paired interval, as a part of the incumbent's
    engagement."""
    share: float = Plan.share
    """Part of PPO's steps of the first training that a continuation takes."""
    kept: int = Plan.kept
    """Places whose slates are kept for refits."""
    drawn: bool = Plan.drawn
    """Draw the slates of PPO, so that logs hold chances below 1, in place of the most likely ones."""
    moves: str = "{}"
    """How the world moves, changes to Moves as JSON, such as '{"shocks": [{"round": 4, "trend": 0.8}]}'."""
    seed: int | None = None
    """Seed of everything random; drawn, printed and stored when omitted."""
    out: Path | None = None
    """Run folder, new or empty; the next of runs/NNNN-rounds when omitted."""
    resume: Path | None = None
    """Go on with this run folder, which tells all else."""
    log: Path | None = None
    """A new file, .csv or .parquet, for what all arms showed in all rounds, beside a log in every round's folder
    (docs/logs.md)."""
    engine: EngineName = "local"
    """Where the arms are played: one after another in this process, or each as a task of a Ray cluster, to the same
    numbers (docs/ray.md)."""
    settings: TrainSettings | None = None
    """How the first policy is trained; as the world has it when omitted."""


def main(args: Args) -> None:
    """Play the rounds that are missing, print what came of all, and say where the run folder is.

    Raises:
        ValueError: If an arm is unknown, a number out of range, or the folder to resume is of another world or version.
        ImportError: If Ray is asked for and not installed.
        FileExistsError: If the run folder holds anything, or the log is there already.
        OSError: If the log cannot be written.
        KeyboardInterrupt: If it was interrupted; says how to go on.
    """
    engine = engine_named(args.engine, device=args.device)
    log = None if args.log is None else LogWriter(args.log)
    if args.resume is not None:
        _only_resume(args)
        plan, fingerprints = resumed(args.resume)
        place = Deployment(plan, set_up(plan.world, progress=sys.stderr.isatty(), device=args.device))
        check_same(args.resume, fingerprints, place)
        _play(place, args.resume, engine, log)
        return
    check_empty(args.out)
    arms_of(args.arms)
    plan = _plan(args)
    place = Deployment(plan, set_up(plan.world, progress=sys.stderr.isatty(), device=args.device))
    with run_folder(args.out, "rounds") as folder:
        write_config(folder, {**recorded(place.setup), **stamp(place)})
        _play(place, folder, engine, log)


def _plan(args: Args) -> Plan:
    """The plan that the flags tell."""
    world = WorldArgs(**{field.name: getattr(args, field.name) for field in fields(WorldArgs)})
    sizes = ("arms", "rounds", "users", "held_out", "tolerance", "share", "kept", "drawn")
    moves = updated(Moves(), json_object("moves", args.moves), "moves")
    settings = fitting(args.settings, args.world)
    told = {name: getattr(args, name) for name in sizes}
    return Plan(world=world, settings=settings, moves=moves, seed=drawn(args.seed), **told)


def _only_resume(args: Args) -> None:
    """Raise ValueError if anything that decides on numbers is said beside ``--resume``."""
    usual = Args(resume=args.resume, engine=args.engine, device=args.device, settings=args.settings, log=args.log)
    for field in fields(Args):
        if getattr(args, field.name) != getattr(usual, field.name):
            flag = field.name.replace("_", "-")
            raise ValueError(f"--resume takes everything from {args.resume}; leave --{flag} out.")


def _play(place: Deployment, folder: Path, engine: Engine, log: LogWriter | None) -> None:
    """Play, print, draw, and write the log of all rounds.

    Raises:
        OSError: If that log cannot be written.
    """
    begun, rounds = time.perf_counter(), RoundsFolder(folder)
    try:
        table, told = play_rounds(place, rounds, lambda line: print(line, flush=True), engine)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"go on with: driftrec rounds --resume {folder}") from None
    print(f"\n{summary_text(told)}")
    write_figures(folder, rounds_figures(table, told))
    if log is not None:
        with log:
            join_logs(place, rounds, log)
        if log.fault:
            raise OSError(log.fault)
    print(f"{time.perf_counter() - begun:.0f} s. Run folder: {folder}")


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("rounds")
