"""Train a baseline that learns, on a run's ranker or PPO and SAC of stable-baselines3; writes a run folder."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tyro

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.known import BASELINE_KINDS, RANKED_KINDS
from driftrec.agents.rivals.rival_settings import ImitationSettings, PageSettings, ValueSettings
from driftrec.agents.runs.baselines import train_slateq, train_stock
from driftrec.agents.runs.checkpoint import FILE
from driftrec.agents.runs.description import recorded
from driftrec.agents.runs.folders import check_empty, drawn, run_folder, versions, write_config
from driftrec.agents.runs.load import other_world, ranker_of
from driftrec.agents.runs.resume import asked, begun, check_unchanged, fingerprint
from driftrec.agents.runs.rival_runs import train_rival
from driftrec.agents.setup import PlacedArgs, Setup, set_up
from driftrec.agents.slateq.slateq_settings import SlateQTraining
from driftrec.agents.snapshots.snapshot_folder import SnapshotFolder
from driftrec.agents.snapshots.training_snapshots import EVERY
from driftrec.agents.stock.stock_training import StockPPOSettings, StockSACSettings
from driftrec.agents.worlds.kits import fitting, kit_of, settings_of
from driftrec.simulators.settings import updated

if TYPE_CHECKING:
    Kind = str
else:
    Kind = Literal[BASELINE_KINDS]


@dataclass(frozen=True)
class Args(PlacedArgs):
    """Train a baseline that learns."""

    kind: tyro.conf.Positional[Kind] = "slateq"
    """Which; write it first."""
    ranker: Path | None = None
    """Run folder of `driftrec train`, whose ranker the kind looks through; needed for all but sb3-ppo and sb3-sac."""
    seed: int | None = None
    """Seed of everything random; drawn, printed and stored when omitted."""
    out: Path | None = None
    """Run folder, new or empty; the next of runs/NNNN-KIND when omitted."""
    resume: Path | None = None
    """Run folder of a training that was cut short, to go on to the same weights; takes all else from there."""
    snapshot_every: int = EVERY
    """Environment steps of slateq, sb3-ppo and sb3-sac between two snapshots to resume from; the others keep every
    round."""
    settings: (
        SlateQTraining | PageSettings | ValueSettings | ImitationSettings | StockPPOSettings | StockSACSettings | None
    ) = None
    """How to train; as the world has it for the kind when omitted."""


VERB = "train-baseline"


def main(args: Args) -> None:
    """Train, and say where the run folder is.

    Raises:
        ValueError: If a ranker is missing, not asked for or does not fit, or the world trains no such kind.
        TypeError: If settings are of another kind.
        FileExistsError: If the run folder holds anything.
        FileNotFoundError: If there is no run to take the ranker from, or nothing to resume.
        KeyboardInterrupt: If training was interrupted; says what is left of it.
    """
    args = args if args.resume is None else _begun(args, args.resume)
    check_ranker(args.kind, args.ranker)
    settings: Any = fitting(args.settings, args.world, args.kind)
    args = replace(args, settings=settings)
    check_empty(args.out)
    seed = drawn(args.seed)
    setup = set_up(args, progress=sys.stderr.isatty(), device=args.device)
    if note := kit_of(setup).note(setup):
        print(note)
    if args.ranker is not None:  # a wrong one leaves no folder behind
        ranker_of(setup, str(args.ranker))
        for note in other_world(setup.args, str(args.ranker)):
            print(note)
    start = time.perf_counter()
    with run_folder(args.out, args.kind) if args.resume is None else nullcontext(args.resume) as folder:
        told = {"seed": seed, "fingerprints": setup.fingerprints()}
        if args.resume is None:
            begin = {"verb": VERB, "asked": {**asked(args), "kind": args.kind, "ranker": args.ranker}}
            write_config(folder, {**asdict(args), **recorded(setup), **told, **begin})
        kept_in = SnapshotFolder(folder, _identity(args, setup, seed), print)
        kept_in.begin()
        try:
            _train(args, setup, folder, seed, kept_in)
        except KeyboardInterrupt:
            left = "what was learned so far" if (folder / FILE).is_file() else "no checkpoint"
            again = f"driftrec train-baseline --resume {folder} goes on"
            raise KeyboardInterrupt(f"{folder} holds {left}; {again}") from None
        kept_in.finish()
    print(f"{time.perf_counter() - start:.0f} s. Run folder: {folder}")


def _begun(args: Args, run: Path) -> Args:
    """The arguments that ``run`` was begun with; raises as of ``begun`` and ``check_unchanged``."""
    config = begun(run, VERB, FILE)
    then = {**config["asked"], **{name: config[name] for name in ("seed", "settings")}}
    usual = {**asdict(Args()), "settings": asdict(settings_of(args.world, args.kind))}
    given = {**asdict(args), "settings": asdict(fitting(args.settings, args.world, args.kind))}
    check_unchanged(run, then, given, usual)
    settings = updated(settings_of(then["world"], then["kind"]), config["settings"], "settings")
    ranker = None if then["ranker"] is None else Path(then["ranker"])
    return replace(args, **{**config["asked"], "ranker": ranker}, settings=settings, seed=config["seed"], out=None)


def _identity(args: Args, setup: Setup, seed: int) -> Mapping[str, Any]:
    """All that decides what comes of a training, the bytes of the ranker's run among it."""
    ranker = None if args.ranker is None else fingerprint(str(args.ranker))
    told = {"kind": args.kind, "settings": asdict(args.settings), "seed": seed, "ranker": ranker}  # type: ignore[arg-type]
    return {"world": asdict(setup.args), **told, "fingerprints": setup.fingerprints(), "versions": versions()}


def _train(args: Args, setup: Setup, folder: Path, seed: int, kept_in: SnapshotFolder) -> None:
    """Train what ``args.kind`` says; a line whenever a measurement differs from the last."""
    told: list[float] = []
    unit = setup.world.unit

    def progress(steps: int, engagement: float) -> None:
        if told[-1:] != [engagement]:
            told.append(engagement)
            print(f"{args.kind}: {steps:,} steps, {engagement:.1f} {unit} an episode", flush=True)

    settings: Any = args.settings  # of the kind, as ``fitting`` has seen to
    more: Any = {"seed": seed, "folder": folder, "progress": progress, "kept_in": kept_in}
    if args.ranker is not None and args.kind != "slateq":
        train_rival(setup, args.kind, settings, ranker_run=args.ranker, **more)
    elif args.ranker is not None:
        train_slateq(setup, settings, ranker_run=args.ranker, **more, snapshot_every=args.snapshot_every)
    else:
        train_stock(setup, args.kind, settings, **more, snapshot_every=args.snapshot_every)


def check_ranker(kind: str, ranker: Path | None) -> None:
    """Raise ValueError unless there is a ranker exactly where one is used."""
    if kind in RANKED_KINDS and ranker is None:
        raise ValueError(f"{kind} needs a ranker; give the run folder of a driftrec train: --ranker RUN.")
    if kind not in RANKED_KINDS and ranker is not None:
        users = ", ".join(RANKED_KINDS)
        raise ValueError(f"--ranker {ranker} is for {users}; {kind} starts from nothing. Leave it out.")


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("train-baseline")
