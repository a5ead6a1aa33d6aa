"""Train a PPO slate policy: warm start on logged slates, then PPO; writes a run folder."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.evaluation.curves import Record
from driftrec.agents.logbook.log_files import parse_columns
from driftrec.agents.logbook.logged_lives import LoggedLives
from driftrec.agents.runs.checkpoint import FILE, read_config
from driftrec.agents.runs.description import recorded
from driftrec.agents.runs.folders import check_empty, drawn, run_folder, write_config
from driftrec.agents.runs.load import on_ranker, ranker_of
from driftrec.agents.runs.recorders import Track, makers, recording
from driftrec.agents.runs.resume import asked, begun, check_unchanged
from driftrec.agents.runs.train import train
from driftrec.agents.runs.user_log import read_for
from driftrec.agents.setup import PlacedArgs, Setup, set_up
from driftrec.agents.snapshots.snapshot_folder import FOLDER
from driftrec.agents.snapshots.training_snapshots import EVERY
from driftrec.agents.worlds.kits import fitting, kit_of, settings_of
from driftrec.agents.worlds.settings import TrainSettings
from driftrec.simulators.settings import updated

VERB = "train"


@dataclass(frozen=True)
class Args(PlacedArgs):
    """Train a PPO slate policy."""

    seed: int | None = None
    """Seed of everything random; drawn, printed and stored when omitted."""
    out: Path | None = None
    """Run folder, new or empty; the next of runs/NNNN-train when omitted."""
    resume: Path | None = None
    """Run folder of a training that was cut short, to go on with to the same weights; takes all else from there."""
    snapshot_every: int = EVERY
    """Environment steps of PPO between two snapshots to resume from; less may be lost, and more is written."""
    tensorboard: bool = False
    """Write the curves for TensorBoard, too, into the run folder: engagement, losses, KL, entropy, speed (extra
    tensorboard)."""
    track: Track | None = None
    """Follow the same in Weights & Biases; wandb-offline keeps it in the run folder (extra track)."""
    warm_start_log: Path | None = None
    """A log of the world's items (docs/logs.md), to which the ranker is fitted first in place of random slates."""
    columns: str = ""
    """The log's own names of columns, such as user=userId,item=movieId,time=timestamp,engagement=rating; of engagement
    several with their weights, such as engagement=minutes+20*purchase."""
    ranker: Path | None = None
    """Run folder of another `driftrec train`, whose ranker is taken as it is: prices and PPO alone are trained."""
    settings: TrainSettings | None = None
    """How to train; as the world has it when omitted."""


def main(args: Args) -> None:
    """Train, and say where the run folder is.

    Raises:
        FileExistsError: If the run folder holds anything.
        TypeError: If settings are of another kind of world.
        FileNotFoundError: If there is nothing to resume.
        ValueError: If the run to resume is finished, was begun with other flags, or a snapshot of it is spoilt.
        KeyboardInterrupt: If training was interrupted; says what is left of it.
        ImportError: If what --tensorboard or --track needs is not installed.
    """
    check_empty(args.out)
    args, seed = (args, drawn(args.seed)) if args.resume is None else _begun(args, args.resume)
    recorders = makers(args.tensorboard, args.track)
    settings: TrainSettings = fitting(args.settings, args.world)
    if args.ranker is not None:
        settings = _on_ranker(args, settings)
    setup = set_up(args, progress=sys.stderr.isatty(), device=args.device)
    if args.ranker is not None:  # a wrong one leaves no folder behind
        ranker_of(setup, str(args.ranker))
    first = _first(setup, args)
    for said in () if first is None else first.notes:
        print(f"Note: {args.warm_start_log}: {said}.")
    if note := kit_of(setup).note(setup):
        print(note)
    start = time.perf_counter()
    with run_folder(args.out, "train") if args.resume is None else nullcontext(args.resume) as folder:
        if args.resume is None:
            told = {"verb": VERB, "asked": _asked(args), "seed": seed, "settings": asdict(settings)}
            write_config(folder, {**asdict(args), **recorded(setup), **told, "fingerprints": setup.fingerprints()})
        try:
            with recording(recorders, folder) as record:
                how: Any = {"snapshot_every": args.snapshot_every, "first": first, "ranker": args.ranker}
                _train(setup, settings, seed, folder, record=record, **how)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_left(folder)) from None
    kept = read_config(folder)["steps"]
    print(f"Kept: the policy after {kept:,} steps of PPO, which did best on the validation users.")
    print(f"{time.perf_counter() - start:.0f} s. Run folder: {folder}")


def _begun(args: Args, run: Path) -> tuple[Args, int]:
    """The arguments that ``run`` was begun with, and its seed; raises as of ``begun`` and ``check_unchanged``."""
    config = begun(run, VERB, FILE)
    then = {**config["asked"], **{name: config[name] for name in ("seed", "settings", "out")}}
    usual = {**asdict(Args()), "settings": asdict(settings_of(args.world))}
    check_unchanged(run, then, {**asdict(args), "settings": asdict(fitting(args.settings, args.world))}, usual)
    paths = {name: config["asked"].get(name) for name in ("warm_start_log", "ranker")}
    told: dict[str, Any] = {**config["asked"], **{name: path and Path(path) for name, path in paths.items()}}
    settings = updated(settings_of(told["world"]), config["settings"], "settings")
    told |= {name: getattr(args, name) or config.get(name) for name in ("tensorboard", "track")}
    return replace(args, **told, settings=settings, out=None), config["seed"]


def _asked(args: Args) -> dict[str, Any]:
    """What a resumed training takes from the one that was cut short."""
    told = {"warm_start_log": args.warm_start_log, "columns": args.columns, "ranker": args.ranker}
    return {**asked(args), **told}


def _first(setup: Setup, args: Args) -> LoggedLives | None:
    """The log to begin from, None without one; errors as of ``read_for``, and if columns are named of none."""
    if args.warm_start_log is not None:
        return read_for(setup, args.warm_start_log, parse_columns(args.columns))
    if args.columns:
        raise ValueError("--columns names the columns of a log. Give it by --warm-start-log, or leave out --columns.")
    return None


def _on_ranker(args: Args, settings: TrainSettings) -> TrainSettings:
    """As of ``on_ranker``; ValueError if there is a log to begin from, too."""
    if args.warm_start_log is not None:
        raise ValueError("--ranker takes a ranker as it is, and --warm-start-log fits one. Leave out either.")
    return on_ranker(settings, settings_of(args.world), str(args.ranker))


def _left(folder: Path) -> str:
    """What an interrupted training leaves, in words."""
    if (folder / FILE).is_file():
        left = "what was learned so far"
    elif (folder / FOLDER).is_dir():
        left = "the stages that were finished"
    else:
        return "nothing is kept, since no stage was finished"
    return f"{folder} holds {left}; driftrec train --resume {folder} goes on"


def _train(
    setup: Setup,
    settings: TrainSettings,
    seed: int,
    folder: Path,
    *,
    snapshot_every: int,
    record: Record,
    first: LoggedLives | None,
    ranker: Path | None,
) -> None:
    """``train`` with a progress bar, or with lines where the output is not a terminal."""
    total = settings.ppo.total_steps
    with tqdm(total=total, unit="step", disable=not sys.stderr.isatty()) as bar:
        unit = setup.world.unit
        lines = _Lines(total, unit)

        def progress(steps: int, engagement: float) -> None:
            bar.update(min(steps, total) - int(bar.n))
            bar.set_postfix_str(f"last validation {engagement:.1f} {unit} an episode")
            if bar.disable:
                lines.report(steps, engagement)

        told: Any = {"report": bar.write, "progress": progress, "snapshot_every": snapshot_every}
        told |= {"record": record, "first": first, "ranker": ranker}
        train(setup, settings, seed=seed, folder=folder, **told)


class _Lines:
    """Some twenty lines of progress over a training, for output that is not a terminal."""

    def __init__(self, total: int, unit: str) -> None:
        self.total, self.unit = total, unit
        self.next = 0

    def report(self, steps: int, engagement: float) -> None:
        """Print a line if it is time for one."""
        if steps < self.next:
            return
        self.next = steps + self.total // 20
        done = f"PPO: {steps:,} of {self.total:,} steps"
        print(f"{done}, last validation {engagement:.1f} {self.unit} an episode", flush=True)


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("train")
