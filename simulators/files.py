"""Files that are seen whole or not at all, with the permissions that the user's umask gives."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PART = ".part"
"""End of the names of files that are being written; a process that is killed may leave one."""


def write_files(files: Mapping[Path, bytes]) -> None:
    """Write or replace files, each of which others see as it was or whole.

    All are written before the first is put in its place: on a full disk everything stays as it was.

    Args:
        files: Contents by path, in the order in which they are put in place; the folders exist.

    Raises:
        OSError: If a file cannot be written; names it and says why.
    """
    parts = {path: path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}") for path in files}
    try:
        for path, part in parts.items():
            with _named(path):
                part.write_bytes(files[path])
        for path, part in parts.items():
            with _named(path):
                os.replace(part, path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def write_text(file: Path, text: str) -> None:
    """Write or replace one file of text as UTF-8; errors as of ``write_files``."""
    write_files({file: text.encode()})


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """A path to write to inside ``with``, whose file takes the place of ``file`` at the end.

    Where writing fails, as on a full disk, ``file`` stays as it was; errors as of ``write_files``.
    """
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}{PART}")
    try:
        with _named(file):
            yield part
            os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """The system's errors with the file's name, which a full disk leaves out."""
    try:
        yield
    except OSError as error:
        raise type(error)(f"{path} cannot be written: {error.strerror or error}") from error


def parsed_object(content: bytes | str) -> dict[str, Any]:
    """The JSON object that a file holds, as UTF-8 where it is bytes.

    Raises:
        ValueError: If it is none, or lists in it are nested as no file of ours is.
    """
    try:
        found = json.loads(content)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError(f"it is a {type(found).__name__}, not a JSON object")
    return found


def check_readable(path: Path) -> None:
    """Raise the system's own error if ``path`` cannot be opened: safetensors calls every one of them a missing file."""
    with path.open("rb"):
        pass
