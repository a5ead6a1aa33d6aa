"""Train a baseline that learns: SlateQ, or PPO or SAC of stable-baselines3 with MlpPolicy; writes a run folder."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import tyro

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.baseline_runs import train_slateq, train_stock
from driftrec.agents.checkpoint import FILE
from driftrec.agents.runs import check_empty, drawn, run_folder, write_config
from driftrec.agents.slateq import SlateQSettings
from driftrec.agents.stock_training import StockPPOSettings, StockSACSettings
from driftrec.agents.trained import load_ranker
from driftrec.agents.world_setup import WorldArgs, WorldSetup, set_up
from driftrec.simulators.ranges import check_ranges


@dataclass(frozen=True)
class Args(WorldArgs):
    """Train a baseline that learns."""

    kind: tyro.conf.Positional[Literal["slateq", "sb3-ppo", "sb3-sac"]] = "slateq"
    """Which."""
    ranker: Path | None = None
    """Run folder of `driftrec train`, whose ranker SlateQ looks through; needed for slateq alone."""
    seed: int | None = None
    """Seed of everything random; drawn, printed and stored when omitted."""
    out: Path | None = None
    """Run folder, new or empty; the next of runs/NNNN-KIND when omitted."""
    validation_users: int = 128
    """Users of a measurement, always the same; the best of six measurements is kept."""
    slateq: SlateQSettings = field(default_factory=SlateQSettings)
    """How SlateQ trains."""
    sb3_ppo: StockPPOSettings = field(default_factory=StockPPOSettings)
    """How stock PPO trains."""
    sb3_sac: StockSACSettings = field(default_factory=StockSACSettings)
    """How stock SAC trains."""


def main(args: Args) -> None:
    """Train, and say where the run folder is.

    Raises:
        ValueError: If a ranker is missing, not asked for or does not fit, or there are no validation users.
        FileExistsError: If the run folder holds anything.
        FileNotFoundError: If there is no run to take the ranker from.
        KeyboardInterrupt: If training was interrupted; says what is left of it.
    """
    check_ranges(args, validation_users=(1, 1e6))
    check_ranker(args.kind, args.ranker)
    check_empty(args.out)
    seed = drawn(args.seed)
    setup = set_up(args, progress=sys.stderr.isatty())
    if args.ranker is not None:
        load_ranker(setup, str(args.ranker))  # a wrong one leaves no folder behind
    start = time.perf_counter()
    with run_folder(args.out, args.kind) as folder:
        write_config(folder, {**asdict(args), "seed": seed, "fingerprints": setup.fingerprints()})
        try:
            _train(args, setup, seed, folder)
        except KeyboardInterrupt:
            left = "holds what was learned so far" if (folder / FILE).is_file() else "holds no checkpoint"
            raise KeyboardInterrupt(f"{folder} {left}") from None
    print(f"{time.perf_counter() - start:.0f} s. Run folder: {folder}")


def _train(args: Args, setup: WorldSetup, seed: int, folder: Path) -> None:
    """Train what ``args.kind`` says; a line whenever a measurement differs from the last."""
    told: list[float] = []

    def progress(steps: int, engagement: float) -> None:
        if told[-1:] != [engagement]:
            told.append(engagement)
            print(f"{args.kind}: {steps:,} steps, {engagement:.1f} minutes an episode", flush=True)

    users = args.validation_users
    if args.ranker is not None:
        train_slateq(
            setup, args.slateq, ranker_run=args.ranker, users=users, seed=seed, folder=folder, progress=progress
        )
    else:
        stock = args.sb3_ppo if args.kind == "sb3-ppo" else args.sb3_sac
        train_stock(setup, stock, users=users, seed=seed, folder=folder, progress=progress)


def check_ranker(kind: str, ranker: Path | None) -> None:
    """Raise ValueError unless there is a ranker exactly where one is used."""
    if kind == "slateq" and ranker is None:
        raise ValueError("slateq needs a ranker; give the run folder of a driftrec train: --ranker RUN.")
    if kind != "slateq" and ranker is not None:
        raise ValueError(f"--ranker {ranker} is for slateq; {kind} starts from nothing. Leave it out.")


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("train-baseline")
