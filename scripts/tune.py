"""Tune a baseline's parameters by simulation, or our own training's by trainings; writes all trials and the best."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import tyro

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.comparison.tuning import Trial, defaults, search, validate
from driftrec.agents.registry import build_with
from driftrec.agents.runs.description import recorded
from driftrec.agents.runs.folders import (
    LIBRARIES,
    check_empty,
    check_users,
    drawn,
    rescue,
    run_folder,
    versions,
    write_config,
)
from driftrec.agents.runs.kept_study import STUDY_FILE, check_optuna, kept_study
from driftrec.agents.runs.resume import begun, check_unchanged, fingerprint
from driftrec.agents.runs.tuned import BEST_FILE, check_tunable
from driftrec.agents.setup import PlacedArgs, Setup, set_up
from driftrec.scripts.tune_training import SETTINGS_FILE, TRAIN, tune_training
from driftrec.simulators.files import write_files

if TYPE_CHECKING:
    from optuna import Study

TRIALS_FILE = "trials.csv"


@dataclass(frozen=True, kw_only=True)
class Args(PlacedArgs):
    """Tune a baseline's parameters by simulation, or our own training's by training."""

    name: tyro.conf.Positional[str] = ""
    """What to tune: popular, content, epsilon-content, linucb, or mmr:RUN of a training run, with --resume as then;
    train, or train:RUN, for the settings of our own training, from the world's or from those of a run on."""
    trials: int = 25
    """Settings to try, the defaults first."""
    users: int = 256
    """Users that every setting meets, the same for all and never met in training or comparisons; a training has its
    own, settings.validation_users."""
    check_users: int = 1024
    """Fresh users on whom the best setting and the defaults are compared at the end."""
    seed: int | None = None
    """Seed of users and proposals; drawn, printed and stored when omitted."""
    out: Path | None = None
    """Run folder, new or empty; the next of runs/NNNN-tune when omitted."""
    resume: Path | None = None
    """Run folder of a search that was cut short, to go on with to the same end; all else is taken from it."""


VERB = "tune"
ASKED = tuple(field.name for field in fields(Args) if field.name not in ("resume", "out", "device"))
"""What decides what comes of a search."""


def main(args: Args) -> None:
    """Tune, print every trial, and say where the run folder is.

    Raises:
        ValueError: If the policy has nothing to tune, a number is too small, or the search to resume is finished, was
            begun with other flags, or its file is damaged.
        ImportError: If Optuna is not installed.
        FileExistsError: If the run folder holds anything.
        FileNotFoundError: If there is nothing to resume.
        OSError: If it cannot be written; says where the trials are instead.
        KeyboardInterrupt: If the search was interrupted; says how to go on.
    """
    args = args if args.resume is None else _begun(args, args.resume)
    trains = args.name.partition(":")[0] == TRAIN
    if not trains:
        check_tunable(args.name)
    if args.trials < 1:
        raise ValueError(f"--trials is {args.trials}; it must be at least 1.")
    check_users(args.users)
    if args.check_users < 2:
        raise ValueError(f"--check-users is {args.check_users}; intervals need at least 2.")
    check_empty(args.out)
    if trains:
        told = {name: getattr(args, name) for name in ("name", "trials", "check_users", "seed", "out", "resume")}
        tune_training(args, **told, begin=_stamp(args))
        return
    seed = drawn(args.seed)
    check_optuna()  # before any work
    setup = set_up(args, progress=sys.stderr.isatty(), device=args.device)
    build_with(setup, args.name, defaults(args.name))  # and whether there is such a run
    with run_folder(args.out, "tune") if args.resume is None else nullcontext(args.resume) as folder:
        told = {**asdict(args), **recorded(setup), "seed": seed, "fingerprints": setup.fingerprints()}
        if args.resume is None:
            write_config(folder, {**told, **_stamp(args)})
        try:
            with kept_study(folder / STUDY_FILE, _identity(setup, args, seed)) as study:
                trials = _search(setup, args, seed, study, folder)
            _finish(setup, args, seed, trials, folder)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"{folder} holds the trials; driftrec tune --resume {folder} goes on") from None
    print(f"Run folder: {folder}. Compare with it as {args.name.partition(':')[0]}:{folder}")


def _begun(args: Args, run: Path) -> Args:
    """The arguments that ``run`` was begun with; raises as of ``begun`` and ``check_unchanged``."""
    config = begun(run, VERB, SETTINGS_FILE if (run / SETTINGS_FILE).exists() else BEST_FILE)
    then = {**{name: config["asked"].get(name) for name in ASKED}, "seed": config["seed"]}
    check_unchanged(run, then, asdict(args), asdict(Args()))
    return replace(args, **then, out=None)


def _stamp(args: Args) -> dict[str, object]:
    """What a run's configuration holds for ``_begun``."""
    return {"verb": VERB, "asked": {name: getattr(args, name) for name in ASKED}}


def _identity(setup: Setup, args: Args, seed: int) -> Mapping[str, object]:
    """All that decides what comes of a search, the bytes of a run to tune among it."""
    run = args.name.partition(":")[2]
    told = {"name": args.name, "seed": seed, "users": args.users, "world": asdict(setup.args)}
    versions_of = versions((*LIBRARIES, "optuna"))
    return {**told, "run": run and fingerprint(run), "fingerprints": setup.fingerprints(), "versions": versions_of}


def _search(setup: Setup, args: Args, seed: int, study: Study, folder: Path) -> list[Trial]:
    """Try all settings, those that were tried before left out; a line and a table after each."""
    trials: list[Trial] = []
    for trial in search(setup, args.name, seed=seed, trials=args.trials, users=args.users, study=study):
        trials.append(trial)
        rescue(folder, partial(_write_trials, trials))
        best = max(trials, key=lambda tried: tried.engagement)
        line = _line(trial, setup.world.unit)
        print(f"Trial {trial.number + 1} of {args.trials}: {line} (best {best.engagement:.1f})", flush=True)
    return trials


def _finish(setup: Setup, args: Args, seed: int, trials: Sequence[Trial], folder: Path) -> None:
    """Check the best setting on fresh users, write it and say it."""
    best = max(trials, key=lambda tried: tried.engagement)
    check = validate(setup, args.name, best.parameters, seed=seed, users=args.check_users)
    head, _, run = args.name.partition(":")
    name = f"{head}:{Path(run).resolve()}" if run else head  # found from any folder
    found = {"policy": name, "best": best.row(), "defaults": defaults(args.name), "check": check}
    found |= {"world": asdict(setup.args), "fingerprints": setup.fingerprints()}
    rescue(folder, partial(_write_found, trials, found))
    print(f"Best, trial {best.number + 1}: {_line(best, setup.world.unit)}")
    print(_verdict(check))


def _write_trials(trials: Sequence[Trial], folder: Path) -> None:
    """What was tried so far."""
    table = pd.DataFrame([tried.row() for tried in trials]).to_csv(index=False)
    write_files({folder / TRIALS_FILE: table.encode()})


def _write_found(trials: Sequence[Trial], found: Mapping[str, object], folder: Path) -> None:
    """What was tried, and the best of it."""
    _write_trials(trials, folder)
    write_files({folder / BEST_FILE: (json.dumps(found, indent=1, allow_nan=False) + "\n").encode()})


def _line(trial: Trial, unit: str) -> str:
    """A trial in words."""
    setting = ", ".join(f"{name} {value:.4g}" for name, value in trial.parameters.items())
    return f"{setting}: {trial.engagement:.1f} {unit} an episode"


def _verdict(check: Mapping[str, object]) -> str:
    """What the fresh users say."""
    gap = check["difference"]
    assert isinstance(gap, dict)
    return (
        f"On {check['users']:,} fresh users: {check['tuned']:.1f}, the defaults {check['default']:.1f}; "
        f"difference {gap['mean']:.1f} [{gap['low']:.1f}, {gap['high']:.1f}]"
    )


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("tune")
