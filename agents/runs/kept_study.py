"""The study of a search in a file of Optuna's own, so that one that was cut short goes on to the same end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from driftrec.agents.snapshots.snapshot_folder import as_json_has_it, difference
from driftrec.simulators.extras import install

if TYPE_CHECKING:
    from optuna import Study
    from optuna.samplers import BaseSampler

STUDY_FILE = "study.sqlite"
"""In the run folder of ``driftrec tune``; any tool of Optuna's opens it."""

_NAME, _OF = "driftrec tune", "of"
_SYSTEM = ("is full", "locked", "readonly", "disk I/O", "unable to open")  # said by SQLite where the file is whole
_PATIENCE = 60.0  # seconds to wait for another process that looks into the file


def check_optuna() -> None:
    """Raise ImportError, with how to get it, unless Optuna is installed."""
    try:
        import optuna
    except ImportError as error:
        raise ImportError(f"Tuning needs Optuna; get it with: {install('tune')}") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def new_study() -> Study:
    """A study in memory that maximises; errors as of ``check_optuna``."""
    check_optuna()
    import optuna

    return optuna.create_study(direction="maximize")


@contextmanager
def kept_study(file: Path, of: Mapping[str, Any]) -> Iterator[Study]:
    """The study in ``file``, begun or gone on with; a trial that was cut short counts as failed.

    Args:
        file: Where it is, or is to be.
        of: All that decides what comes of the search.

    Raises:
        OSError: If the file cannot be written inside ``with``, as on a full disk; says how to go on.
        ValueError: If it is damaged, or of another search.
    """
    check_optuna()
    import optuna

    try:
        # By a creator, for in the address of a database some characters of a file's name mean something.
        told = {"creator": lambda: sqlite3.connect(file, timeout=_PATIENCE, check_same_thread=False)}
        storage = optuna.storages.RDBStorage("sqlite:///study", engine_kwargs=told)
        study = optuna.create_study(storage=storage, study_name=_NAME, direction="maximize", load_if_exists=True)
        now = as_json_has_it(of)
        then = study.user_attrs.get(_OF, now)
        if found := difference(then, now):
            raise ValueError(f"{file} is of another search: {found}. Give what it was begun with, or begin anew.")
        study.set_user_attr(_OF, now)
        for cut_short in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
            study.tell(cut_short.number, state=optuna.trial.TrialState.FAIL)
        yield study
    except Exception as error:
        ours = isinstance(error, optuna.exceptions.StorageInternalError)
        if not ours and not type(error).__module__.startswith(
            "sqlalchemy."
        ):  # by which Optuna writes, and lets through
            raise
        cause = " ".join(str(error.__cause__ or error).split())[:200]
        raise _told(file, cause) from error


def _told(file: Path, cause: str) -> Exception:
    """What a failure of the database is to the user."""
    if not any(words in cause for words in _SYSTEM):
        return ValueError(f"{file} is damaged ({cause}); remove it, and the search begins anew.")
    remedy = f"Make room, and go on: driftrec tune --resume {file.parent}"
    return OSError(f"{file} cannot be written ({cause}). The trials before it are kept. {remedy}")


def proposer(seed: int, number: int) -> BaseSampler:
    """What proposes the ``number``-th setting: a function of the seed and of the trials before, of nothing else."""
    from optuna.samplers import TPESampler

    return TPESampler(seed=int(np.random.SeedSequence([seed, number]).generate_state(1)[0]))
