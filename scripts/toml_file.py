"""A file of ``--from``: the keys of a verb as TOML, read as the words that give the same on the command line."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from driftrec.scripts.keys import JSON, Key
from driftrec.simulators.settings import nearest

KINDS: Mapping[type, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
}
"""What stands in a file for a default of a type, and what that is called; text may stand for all others."""


def read(file: Path) -> dict[str, Any]:
    """What is in ``file``.

    Raises:
        OSError: If it cannot be read; says what for.
        ValueError: If it is not TOML.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise type(error)(f"--from {file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ValueError(f"{file} is no TOML file of settings: {error}") from error


def words_of(file: Path, told: Mapping[str, Any], keys: Sequence[Key]) -> dict[Key, list[str]]:
    """Words for the command line, by key.

    Args:
        file: Where it is from.
        told: What ``read`` made of it.
        keys: All that there are.

    Raises:
        ValueError: If a key is unknown (the message gives its line and the nearest) or there with - and with _, or a
            value is of another kind than the default, or a list where it must not be. What else is wrong with it the
            command line finds.
    """
    known = {key.name: key for key in keys}
    tables = {key.name for key in keys if key.default == JSON}
    words: dict[Key, list[str]] = {}
    for name, value in _leaves(told, tables):
        if name not in known:
            if any(other.startswith(f"{name}.") for other in known):
                raise ValueError(f"{_where(file, name)}: {name} is {value!r}; it is a table of settings, [{name}].")
            group = name.rpartition(".")[0]
            beside = [other for other in known if other.rpartition(".")[0] == group]
            raise ValueError(f"{_where(file, name)}: there is no {name}. {nearest(name, beside or known)}")
        key = known[name]
        if key in words:
            raise ValueError(f"{file}: {name} is there twice, with - and with _. Leave one of them out.")
        if isinstance(value, list) and not key.several:
            raise ValueError(f"{_where(file, name)}: {name} is {value!r}; it must be one value.")
        of = KINDS.get(type(key.default))
        if of is not None and type(value) not in of[0]:
            raise ValueError(f"{_where(file, name)}: {name} is {value!r}; it must be {of[1]}.")
        words[key] = key.words(json.dumps(value, default=str) if isinstance(value, dict) else value)
    return words


def toml_of(told: Mapping[str, Any]) -> str:
    """A file that ``read`` takes: a line a value, by dotted names; None is left out."""
    leaves = [(name, value) for name, value in _leaves(told, set()) if value is not None]
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in leaves)


def _leaves(told: Mapping[str, Any], tables: set[str], group: str = "") -> Iterator[tuple[str, Any]]:
    """Values by dotted name with underscores; those of ``tables`` may be tables."""
    for part, value in told.items():
        name = f"{group}{part.replace('-', '_')}"
        if isinstance(value, dict) and name not in tables:
            yield from _leaves(value, tables, f"{name}.")
        else:
            yield name, value


def _where(file: Path, name: str) -> str:
    """The file, and the line of a key, or of the table it stands in."""
    lines: dict[str, int] = {}
    group = ""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        found = re.match(r"\s*(?:\[([^\[\]]+)\]|([^#=\[]+)=)", line)
        if found is None:
            continue
        path = re.sub(r"[\s\"']", "", found[1] or found[2]).replace("-", "_")
        group = f"{path}." if found[1] else group
        lines.setdefault(path if found[1] else f"{group}{path}", number)
    while name and name not in lines:
        name = name.rpartition(".")[0]
    return f"{file}, line {lines[name]}" if name else str(file)
