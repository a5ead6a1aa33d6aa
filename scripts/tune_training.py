"""``driftrec tune train``: settings of our own training, each tried by a training of its own."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from driftrec.agents.runs.description import recorded
from driftrec.agents.runs.folders import (
    CONFIG_FILE,
    LIBRARIES,
    drawn,
    rescue,
    run_folder,
    versions,
    write_config,
)
from driftrec.agents.runs.kept_study import STUDY_FILE, check_optuna, kept_study
from driftrec.agents.runs.resume import asked
from driftrec.agents.runs.training_search import (
    UNTOUCHED,
    TrainingTrial,
    search_trainings,
    validate_trainings,
    with_parameters,
)
from driftrec.agents.setup import PlacedArgs, Setup, WorldArgs, set_up
from driftrec.agents.worlds.kits import settings_of
from driftrec.agents.worlds.settings import TrainSettings
from driftrec.scripts.toml_file import toml_of
from driftrec.simulators.files import write_text
from driftrec.simulators.settings import updated

if TYPE_CHECKING:
    from optuna import Study

TRAIN = "train"
"""What to tune, alone or with a run whose settings are the start: "train:RUN"."""

TRIALS_FILE, SETTINGS_FILE, CHECK_FILE = "trials.csv", "best.toml", "check.json"


def tune_training(
    args: PlacedArgs,
    name: str,
    *,
    trials: int,
    check_users: int,
    seed: int | None,
    out: Path | None,
    resume: Path | None,
    begin: Mapping[str, Any],
) -> None:
    """Search, print every trial, and say how to train with what was found.

    Args:
        args: World.
        name: "train" or "train:RUN".
        trials: Trainings.
        check_users: Fresh users on whom the best and the settings as they are are compared at the end.
        seed: Of trainings, users and proposals; drawn when omitted.
        out: Run folder; numbered when omitted.
        resume: Run folder of a search that was cut short, to go on with.
        begin: What its configuration holds for that.

    Raises:
        ValueError: If the settings as they are fail.
        KeyboardInterrupt: If the search was interrupted; says how to go on.
        FileNotFoundError: If there is no such run.
        ImportError: If Optuna is not installed.
    """
    drawn_seed = drawn(seed)
    check_optuna()  # before any work
    base = _base(args, name.partition(":")[2])
    setup = set_up(args, progress=sys.stderr.isatty(), device=args.device)
    with run_folder(out, "tune") if resume is None else nullcontext(resume) as folder:
        told = {"name": name, "trials": trials, "check_users": check_users, "seed": drawn_seed}
        if resume is None:
            write_config(folder, {**asdict(args), **recorded(setup), **told, "settings": asdict(base), **begin})
        of = {"name": name, "seed": drawn_seed, "world": asdict(setup.args), "settings": asdict(base)}
        of |= {"fingerprints": setup.fingerprints(), "versions": versions((*LIBRARIES, "optuna"))}
        try:
            with kept_study(folder / STUDY_FILE, of) as study:
                done = _search(setup, base, study, drawn_seed, trials, folder)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"{folder} holds the trials; driftrec tune --resume {folder} goes on") from None
        best = max((trial for trial in done if trial.ended == "done"), key=lambda trial: trial.engagement)
        check = validate_trainings(setup, best.folder, done[0].folder, seed=drawn_seed, users=check_users)
        rescue(folder, partial(_write_found, setup, with_parameters(base, best.parameters), check))
    print(f"Best, trial {best.number + 1}: {_line(best, setup.world.unit)}")
    gap = check["difference"]
    print(
        f"On {check['users']:,} fresh users: {check['tuned']:.1f}, the settings as they are {check['default']:.1f}; "
        f"difference {gap['mean']:.1f} [{gap['low']:.1f}, {gap['high']:.1f}]"
    )
    print(f"Run folder: {folder}. Train with it: driftrec train --from {folder / SETTINGS_FILE}")


def _base(args: WorldArgs, run: str) -> TrainSettings:
    """The settings to start from: those of a run, or the world's."""
    usual: TrainSettings = settings_of(args.world)
    if not run:
        return usual
    file = Path(run) / CONFIG_FILE
    if not file.is_file():
        raise FileNotFoundError(
            f"{run} is no run to start from: it has no {CONFIG_FILE}. Make one with: driftrec train"
        )
    try:
        return updated(usual, json.loads(file.read_text(encoding="utf-8"))["settings"], "settings")
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(
            f"{file} holds no settings of driftrec train in {args.world} ({error}). Give another run."
        ) from error


def _search(
    setup: Setup, base: TrainSettings, study: Study, seed: int, trials: int, folder: Path
) -> list[TrainingTrial]:
    """All trials, a line and a table after each; what is below the median of those before ends early."""
    import optuna

    study.pruner = optuna.pruners.MedianPruner(n_startup_trials=UNTOUCHED)
    done: list[TrainingTrial] = []
    begun = time.perf_counter()
    for trial in search_trainings(setup, base, study, seed=seed, trials=trials, folder=folder):
        done.append(trial)
        rescue(folder, partial(_write_trials, done))
        print(f"Trial {trial.number + 1} of {trials}: {_line(trial, setup.world.unit)}", flush=True)
        if not trial.number and trials > 1:
            minutes = (time.perf_counter() - begun) / 60
            print(f"It took {minutes:.1f} minutes; {trials - 1} more take {minutes * (trials - 1):.0f} at most, or so.")
    return done


def _line(trial: TrainingTrial, unit: str) -> str:
    """A trial in words."""
    setting = ", ".join(f"{name} {value:.4g}" for name, value in trial.parameters.items())
    ended = "" if trial.ended == "done" else f" ({trial.ended})"
    return f"{setting}: {trial.engagement:.1f} {unit} an episode{ended}"


def _write_trials(done: Sequence[TrainingTrial], folder: Path) -> None:
    """What was tried so far."""
    write_text(folder / TRIALS_FILE, pd.DataFrame([trial.row() for trial in done]).to_csv(index=False))


def _write_found(setup: Setup, best: TrainSettings, check: dict[str, Any], folder: Path) -> None:
    """The best settings as a file for ``driftrec train --from``, and what fresh users say of them."""
    told = {**asked(setup.args), "settings": asdict(best)}
    write_text(folder / CHECK_FILE, json.dumps(check, indent=1, allow_nan=False) + "\n")
    write_text(folder / SETTINGS_FILE, toml_of(told))  # last: it says that the search is finished
