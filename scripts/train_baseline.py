"""Train a baseline that learns: SlateQ, or PPO or SAC of stable-baselines3 with MlpPolicy; writes a run folder."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import tyro

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.known_policies import Setup, open_world
from driftrec.agents.runs.baselines import train_slateq, train_stock
from driftrec.agents.runs.checkpoint import FILE
from driftrec.agents.runs.folders import check_empty, drawn, run_folder, write_config
from driftrec.agents.runs.load import load_ranker, other_world
from driftrec.agents.runs.published import open_run
from driftrec.agents.runs.published import train_slateq as train_published
from driftrec.agents.setup import NEWS, WorldArgs, WorldSetup
from driftrec.agents.slateq.feature_training import PublishedSlateQSettings
from driftrec.agents.slateq.values import SlateQSettings
from driftrec.agents.stock.training import StockPPOSettings, StockSACSettings
from driftrec.agents.worlds.description import recorded
from driftrec.agents.worlds.published_setup import PublishedSetup
from driftrec.agents.worlds.recipes import SLATEQ_RECIPES, changed
from driftrec.simulators.ranges import check_ranges


@dataclass(frozen=True)
class Args(WorldArgs):
    """Train a baseline that learns."""

    kind: tyro.conf.Positional[Literal["slateq", "sb3-ppo", "sb3-sac"]] = "slateq"
    """Which."""
    ranker: Path | None = None
    """Run folder of `driftrec train`, whose ranker SlateQ looks through; needed for slateq alone."""
    recipe: str = "{}"
    """On published worlds, which know slateq alone: changes to its recipe as JSON, such as
    '{"slateq": {"gamma": 0.9}}'; see driftrec.agents.worlds.recipes."""
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
    recipe = _recipe(args)
    check_empty(args.out)
    seed = drawn(args.seed)
    setup = open_world(args, progress=sys.stderr.isatty())
    if setup.note:
        print(setup.note)
    if args.ranker is not None:  # a wrong one leaves no folder behind
        load_ranker(setup, str(args.ranker)) if isinstance(setup, WorldSetup) else open_run(setup, str(args.ranker))
        for note in other_world(setup.args, str(args.ranker)):
            print(note)
    start = time.perf_counter()
    with run_folder(args.out, args.kind) as folder:
        told: dict[str, Any] = {} if recipe is None else {"settings": asdict(recipe)}
        told |= {"seed": seed, "fingerprints": setup.fingerprints()}
        write_config(folder, {**asdict(args), **recorded(setup), **told})
        try:
            _train(args, setup, recipe, seed, folder)
        except KeyboardInterrupt:
            left = "holds what was learned so far" if (folder / FILE).is_file() else "holds no checkpoint"
            raise KeyboardInterrupt(f"{folder} {left}") from None
    print(f"{time.perf_counter() - start:.0f} s. Run folder: {folder}")


def _recipe(args: Args) -> PublishedSlateQSettings | None:
    """How SlateQ is trained on a published world, None on news.

    Raises:
        ValueError: If the kind is not trained on the world, or flags of the other kind of world are given.
    """
    if args.world not in SLATEQ_RECIPES:
        if args.recipe != "{}":
            raise ValueError(f"--recipe is for published worlds, not {args.world}; use --slateq, --sb3-ppo, --sb3-sac.")
        return None
    if args.kind != "slateq":
        raise ValueError(f"{args.kind} is trained on {NEWS} alone; on {args.world} there is slateq.")
    if args.slateq != SlateQSettings():
        raise ValueError(f"--slateq is for {NEWS}; change the recipe of {args.world} with --recipe.")
    return changed(SLATEQ_RECIPES, args.world, args.recipe)


def _train(args: Args, setup: Setup, recipe: PublishedSlateQSettings | None, seed: int, folder: Path) -> None:
    """Train what ``args.kind`` says; a line whenever a measurement differs from the last."""
    told: list[float] = []
    unit = setup.world.unit

    def progress(steps: int, engagement: float) -> None:
        if told[-1:] != [engagement]:
            told.append(engagement)
            print(f"{args.kind}: {steps:,} steps, {engagement:.1f} {unit} an episode", flush=True)

    users = args.validation_users
    if isinstance(setup, PublishedSetup):
        if recipe is not None and args.ranker is not None:
            train_published(setup, recipe, ranker_run=args.ranker, seed=seed, folder=folder, progress=progress)
    elif args.ranker is not None:
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
