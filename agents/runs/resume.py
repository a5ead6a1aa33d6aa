"""Going on with a run that was cut short: what it was begun with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from driftrec.agents.runs.folders import CONFIG_FILE
from driftrec.agents.setup import WorldArgs
from driftrec.agents.snapshots.snapshot_folder import FOLDER
from driftrec.simulators.files import parsed_object


def asked(args: WorldArgs) -> dict[str, Any]:
    """The world as a command gave it, what it left open being None: for the run's configuration, under "asked"."""
    return {field.name: getattr(args, field.name) for field in fields(WorldArgs)}


def begun(run: Path, verb: str, result: str) -> dict[str, Any]:
    """The configuration of a run to go on with.

    Args:
        run: Folder.
        verb: What it was to be begun with, such as "train".
        result: File that a finished run holds.

    Raises:
        FileNotFoundError: If it is no run.
        ValueError: If it is finished, was begun by another verb, or its configuration was cut off.
    """
    file = run / CONFIG_FILE
    if not file.is_file():
        raise FileNotFoundError(f"{run} holds nothing to go on from: it has no {CONFIG_FILE}. Begin: driftrec {verb}")
    try:
        config = parsed_object(file.read_bytes())
    except ValueError as error:
        raise ValueError(f"{file} was cut off ({error}): nothing had been done by then. Begin anew.") from error
    of_this_version = isinstance(config.get("seed"), int) and isinstance(config.get("asked"), dict)
    if config.get("verb") != verb or not of_this_version:
        raise ValueError(f"{run} was not begun with driftrec {verb} of this version; only such runs can be resumed.")
    if (run / result).exists() and not (run / FOLDER).exists():
        raise ValueError(f"{run} is finished; there is nothing left to do. Give a run that was cut short.")
    return config


def fingerprint(run: str) -> str:
    """Hash of all that a folder, or a file, of a run holds but plots and progress."""
    where = Path(run)
    files = sorted(where.iterdir()) if where.is_dir() else [where]
    told = [path for path in files if path.is_file() and path.suffix in (".safetensors", ".json", ".csv", ".zip")]
    return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in told)).hexdigest()


def check_unchanged(run: Path, then: Mapping[str, Any], given: Mapping[str, Any], usual: Mapping[str, Any]) -> None:
    """Raise ValueError if a flag asks for other than the run was begun with.

    Args:
        run: Folder.
        then: What it was begun with, by name, as JSON has it.
        given: What the command says now.
        usual: The same where nothing is said.
    """
    here, nothing_said = (json.loads(json.dumps(each, default=str)) for each in (given, usual))
    if found := _clash(then, {name: here[name] for name in here if name in then}, nothing_said):
        raise ValueError(f"{run} was begun with {found}. Leave that flag out, or begin anew in another folder.")


def _clash(then: Any, here: Any, usual: Any, path: str = "") -> str:
    """The first thing said now that was another then, in words; empty if there is none."""
    if isinstance(here, dict) and isinstance(usual, dict) and isinstance(then, dict):
        names = filter(usual.__contains__, here)
        told = (_clash(then.get(name), here[name], usual[name], f"{path}.{name}".strip(".")) for name in names)
        return next(filter(None, told), "")
    return "" if here in (usual, then) else f"{path} {then}, not {here} as here"
