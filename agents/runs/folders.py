"""Run folders: numbered, never written over, with the seed and the whole configuration inside."""

from __future__ import annotations

import json
import platform
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from driftrec.simulators.files import write_text

CONFIG_FILE = "config.json"
LIBRARIES = ("driftrec", "torch", "stable-baselines3", "gymnasium", "numpy", "transformers")
"""Those whose version may change a number."""


def new_run(root: Path, name: str) -> Path:
    """Make the next folder ``root/NNNN-name``, numbered after the highest there is."""
    root.mkdir(parents=True, exist_ok=True)
    numbers = [int(path.name[:4]) for path in root.glob("[0-9][0-9][0-9][0-9]-*")]
    for number in range(max(numbers, default=0) + 1, 10_000):
        folder = root / f"{number:04d}-{name}"
        try:
            folder.mkdir()
        except FileExistsError:  # another process was faster
            continue
        return folder
    raise RuntimeError(f"{root} holds run 9999 already; give another folder.")


def check_empty(path: Path | None) -> None:
    """Find out before any work whether a run may go to ``path``; None stands for a folder yet to be numbered.

    Raises:
        FileExistsError: If it is a file or holds anything: runs are never written over.
    """
    if path is None or not path.exists():
        return
    if not path.is_dir():
        raise FileExistsError(f"{path} is a file; give a new folder.")
    if any(path.iterdir()):
        raise FileExistsError(f"{path} is not empty; runs are never written over. Give a new folder.")


@contextmanager
def run_folder(out: Path | None, name: str) -> Iterator[Path]:
    """Make ``out``, or the next numbered folder ``runs/NNNN-name`` where it is None, for the run inside ``with``.

    If the run fails or is interrupted before it has a result, the folder is taken away again, so that the same command
    can be repeated: a configuration alone is no run. Errors as of ``check_empty``.
    """
    check_empty(out)
    folder = new_run(Path("runs"), name) if out is None else out
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    except BaseException:
        if {path.name for path in folder.iterdir()} <= {CONFIG_FILE}:
            (folder / CONFIG_FILE).unlink(missing_ok=True)
            folder.rmdir()
        raise


def rescue(folder: Path, write: Callable[[Path], None]) -> None:
    """Write results to ``folder``; where that fails, as on a full disk, to a new temporary folder.

    What could be written to ``folder`` of them, whole or cut off, is removed once they are whole elsewhere.

    Raises:
        OSError: If it failed, after the rescue; says where things are.
    """
    try:
        write(folder)
    except OSError as error:
        try:
            other = Path(tempfile.mkdtemp(prefix=f"driftrec-{folder.name}-"))
            write(other)
        except OSError as second:
            raise OSError(
                f"{folder} cannot be written ({error}), nor {tempfile.gettempdir()} ({second}); nothing is kept."
            ) from error
        with suppress(OSError):  # of a folder that may not even be looked into
            for file in other.iterdir():
                (folder / file.name).unlink(missing_ok=True)
        raise OSError(f"{folder} cannot be written ({error}). What was computed is kept in {other}.") from error


def drawn(seed: int | None) -> int:
    """``seed``, or one drawn from the system's entropy, printed so that the run can be repeated.

    Raises:
        ValueError: If it is not in 0 .. 2**32 - 1, where every library takes it.
    """
    if seed is None:
        seed = int(np.random.SeedSequence().generate_state(1)[0])
        print(f"Seed {seed} (drawn; repeat with --seed {seed}).")
    if not 0 <= seed < 2**32:
        raise ValueError(f"--seed is {seed}; it must not be negative and must be below {2**32}.")
    return seed


def check_users(users: int, flag: str = "--users") -> None:
    """Raise ValueError if there are too few users for an interval."""
    if users < 2:
        raise ValueError(f"{flag} is {users}; intervals need at least 2.")


def write_config(folder: Path, config: Mapping[str, Any]) -> None:
    """Write the configuration with the command that repeats the run, versions and commit, as strict JSON.

    Raises:
        OSError: If it cannot be written, as on a full disk; names the file.
    """
    stored = {**config, "command": shlex.join(sys.argv), "versions": versions(), **commit()}
    write_text(folder / CONFIG_FILE, json.dumps(stored, indent=1, allow_nan=False, default=str))


def commit() -> dict[str, str]:
    """The commit of the checkout that this code lies in, "+changes" behind it if there are any; {} where in none."""
    git = ["git", "-C", str(Path(__file__).resolve().parent)]
    told = {"capture_output": True, "text": True, "check": True}
    try:
        subprocess.run([*git, "ls-files", "--error-unmatch", Path(__file__).name], **told)  # type: ignore[call-overload]
        found = subprocess.run([*git, "describe", "--always", "--exclude=*", "--abbrev=40", "--dirty=+changes"], **told)  # type: ignore[call-overload]
    except (OSError, subprocess.CalledProcessError):
        return {}
    return {"commit": found.stdout.strip()}


def versions(names: Sequence[str] = LIBRARIES) -> dict[str, str]:
    """Versions of Python and of the packages ``names``, as far as they are installed."""
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
