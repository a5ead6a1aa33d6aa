"""Arrays on disk as safetensors: whole or not at all, with the permissions of any other new file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

Arrays = dict[str, NDArray[Any]]


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str] | None = None) -> None:
    """Write a safetensors file so that other processes see the old file or the whole new one, never a part.

    Args:
        path: File to write or replace; its folder exists.
        arrays: Arrays by name.
        metadata: Texts to store in the file's header.

    Raises:
        OSError: If the folder cannot be written to, or the disk is full.
    """
    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
        part = Path(folder) / path.name
        part.touch()
        permissions = part.stat().st_mode  # safetensors would give them to nobody but the owner
        try:
            save_file(whole, part, None if metadata is None else dict(metadata))
        except SafetensorError as error:  # a full disk
            raise OSError(f"{path} cannot be written: {error}") from error
        part.chmod(permissions)
        os.replace(part, path)


def load_arrays(path: Path) -> tuple[Arrays, dict[str, str]]:
    """Arrays by name, and the texts of the header.

    Raises:
        OSError: If there is no such file, or it must not be read.
        ValueError: If it is damaged.
    """
    with path.open("rb"):  # safetensors takes a file that must not be read for a missing one
        pass
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: np.array(file.get_tensor(name)) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged ({error})") from error
