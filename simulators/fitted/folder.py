"""The folder of a fitted world: ``world.json`` with its numbers and ``world.safetensors`` with its arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load, save

from driftrec.simulators.catalogue import digest
from driftrec.simulators.files import parsed_object, write_files
from driftrec.simulators.fitted.parameters import FittedParameters, Marks, Tastes, VisitRates

FORMAT = 3
"""Version of the folder's layout."""

NUMBERS_FILE, ARRAYS_FILE = "world.json", "world.safetensors"
ARRAYS = ("vectors", "quality", "topic", "engagement", "people")
MAY = ("logged", "lift", "marks")
"""Arrays that a world may lack."""
LATER = ("takeaway", "threshold", "keep", "habit", "habit_half_life")
"""Numbers that worlds of before lack; where one is as when nothing is said nothing is told of it, and hashes stay."""
REMEDY = "Write it again with driftrec fit."


def sha256_of(parameters: FittedParameters) -> str:
    """SHA-256 over all numbers and arrays: changes when anything does."""
    texts = [json.dumps(_numbers(parameters), sort_keys=True), *parameters.ids]
    return digest(texts, list(_arrays(parameters).values()))


def save_world(folder: Path, parameters: FittedParameters, told: Mapping[str, Any] | None = None) -> None:
    """Write a world folder, which is made if it is not there.

    Args:
        folder: Where to.
        parameters: The world.
        told: What else ``world.json`` keeps, such as where the world is from; nothing reads it.

    Raises:
        OSError: If it cannot be written; names the file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbers = {"format": FORMAT, "sha256": sha256_of(parameters), **_numbers(parameters), "ids": parameters.ids}
    arrays = save(_arrays(parameters))
    text = json.dumps({**numbers, "told": dict(told or {})}, indent=1, allow_nan=False, default=str)
    write_files({folder / ARRAYS_FILE: arrays, folder / NUMBERS_FILE: text.encode()})


def load_world(folder: str | Path) -> FittedParameters:
    """Read a world folder.

    Raises:
        FileNotFoundError: If it is none.
        ValueError: If it is of another format, changed since it was written, or not valid.
    """
    path = Path(folder)
    for name in (NUMBERS_FILE, ARRAYS_FILE):
        if not (path / name).is_file():
            raise FileNotFoundError(f"{path} is no fitted world: it has no {name}. {REMEDY}")
    try:
        kept = parsed_object((path / NUMBERS_FILE).read_bytes())
        if kept["format"] != FORMAT:
            raise ValueError(f"its format is {kept['format']!r}, and this version reads {FORMAT}")
        arrays = load((path / ARRAYS_FILE).read_bytes())
        told: dict[str, Any] = {name: arrays[name] for name in ARRAYS} | {name: arrays.get(name) for name in MAY}
        tastes, visits = Tastes(**kept["tastes"]), VisitRates(**kept["visits"])
        more = {"several": kept["several"], "fading": Marks(**kept.get("fading", {}))}
        parameters = FittedParameters(tastes, visits, tuple(kept["ids"]), **told, **kept["pay"], **more)
        if kept["sha256"] != sha256_of(parameters):
            raise ValueError("its numbers or arrays are not those that its hash was made of")
    except KeyError as error:
        raise ValueError(f"The fitted world {path} is not valid: {error} is missing. {REMEDY}") from error
    except (ValueError, TypeError, SafetensorError) as error:
        raise ValueError(f"The fitted world {path} is not valid: {str(error).rstrip('.')}. {REMEDY}") from error
    return parameters


def _arrays(parameters: FittedParameters) -> dict[str, Any]:
    """Those that are there, by name."""
    names = (*ARRAYS, *(name for name in MAY if getattr(parameters, name) is not None))
    return {name: getattr(parameters, name) for name in names}


def _unsaid(name: str, value: float) -> bool:
    """Whether a number of ``Tastes`` is one of ``LATER`` and as it is by default."""
    return name in LATER and value == getattr(Tastes(), name)


def _numbers(parameters: FittedParameters) -> dict[str, Any]:
    """What is no array and no id."""
    pay = {name: float(getattr(parameters, name)) for name in ("spread", "low", "high", "level", "rest")}
    fading = {} if parameters.marks is None else {"fading": asdict(parameters.fading)}
    return {
        **fading,
        "tastes": {name: value for name, value in asdict(parameters.tastes).items() if not _unsaid(name, value)},
        "visits": asdict(parameters.visits),
        "pay": pay,
        "several": parameters.several,
    }
