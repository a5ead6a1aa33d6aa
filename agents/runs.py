"""Run folders: numbered, never written over, with the seed and the whole configuration inside."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

CONFIG_FILE = "config.json"


def new_run(root: Path, name: str) -> Path:
    """Make the next folder ``root/NNNN-name``, numbered after the highest there is."""
    root.mkdir(parents=True, exist_ok=True)
    numbers = [int(path.name[:4]) for path in root.iterdir() if path.name[:4].isdigit()]
    for number in range(max(numbers, default=0) + 1, 10_000):
        folder = root / f"{number:04d}-{name}"
        try:
            folder.mkdir()
        except FileExistsError:  # another process was faster
            continue
        return folder
    raise RuntimeError(f"{root} holds run 9999 already; give another folder.")


def empty_folder(path: Path) -> Path:
    """Make ``path``.

    Raises:
        FileExistsError: If it holds anything: runs are never written over.
    """
    if path.exists() and any(path.iterdir()):
        raise FileExistsError(f"{path} is not empty; runs are never written over. Give a new folder.")
    path.mkdir(parents=True, exist_ok=True)
    return path


def drawn(seed: int | None) -> int:
    """``seed``, or one drawn from the system's entropy, printed so that the run can be repeated.

    Raises:
        ValueError: If it is negative.
    """
    if seed is None:
        seed = int(np.random.SeedSequence().generate_state(1)[0])
        print(f"Seed {seed} (drawn; repeat with --seed {seed}).")
    if seed < 0:
        raise ValueError(f"Seed is {seed}; it must not be negative.")
    return seed


def write_config(folder: Path, config: Mapping[str, Any]) -> None:
    """Write the configuration with the command line and versions, as strict JSON."""
    stored = {
        **config,
        "command": sys.argv,
        "versions": {"python": platform.python_version(), "driftrec": version("driftrec")},
    }
    (folder / CONFIG_FILE).write_text(json.dumps(stored, indent=1, allow_nan=False, default=str), encoding="utf-8")
