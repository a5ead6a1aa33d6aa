"""Typed settings from plain nested dicts, as JSON and keyword arguments give them."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

Settings = TypeVar("Settings")


def updated(default: Settings, changes: Mapping[str, Any], path: str = "config") -> Settings:
    """A copy of the dataclass ``default`` with the (nested) ``changes`` applied.

    Args:
        default: A dataclass whose fields are numbers, tuples of numbers, strings, booleans, None (a number that
            may be missing) or dataclasses of the same kind. A field may say how it is changed otherwise: its metadata
            hold "change", called with the default's value, the new one and where we are.
        changes: New values by field name; a nested dataclass takes a nested mapping.
        path: Where we are, for messages.

    Raises:
        TypeError: If ``changes`` is not a mapping or a value is not of the default's kind.
        ValueError: If a name is unknown (the message gives the nearest) or a number is not finite.
    """
    if not isinstance(changes, Mapping):
        raise TypeError(f"{path} is {changes!r}; it must be a mapping of settings to values.")
    known = {field.name: getattr(default, field.name) for field in fields(default)}  # type: ignore[arg-type]
    own_way = {field.name: field.metadata.get("change") for field in fields(default)}  # type: ignore[arg-type]
    values = {}
    for name, value in changes.items():
        where = f"{path}.{name}"
        if name not in known:
            raise ValueError(f"{where} is not a setting. {nearest(str(name), known)}")
        change = own_way[name] or (updated if is_dataclass(known[name]) else _value)
        values[name] = change(known[name], value, where)
    return type(default)(**{**known, **values})


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence that offers the nearest of the ``known`` names, if any is near, and lists them all."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    return f"{hint}Known: {', '.join(known)}."


def _value(current: Any, value: Any, where: str) -> Any:
    """``value`` in the kind of ``current``, checked."""
    if isinstance(current, bool | str):
        if not isinstance(value, type(current)):
            kind = "True or False" if isinstance(current, bool) else "a string"
            raise TypeError(f"{where} is {value!r}; it must be {kind}.")
        return value
    if isinstance(current, tuple):
        if not isinstance(value, list | tuple):
            raise TypeError(f"{where} is {value!r}; it must be a list of numbers.")
        return tuple(_number(part, 0.0, where) for part in value)
    if current is None:
        return None if value is None else _number(value, 0.0, where)
    return _number(value, current, where)


def _number(value: Any, current: float, where: str) -> float:
    """``value`` as the type of ``current``, checked."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{where} is {value!r}; it must be a number.")
    if not math.isfinite(value):
        raise ValueError(f"{where} is {value}; it must be finite.")
    if isinstance(current, int) and value != int(value):
        raise ValueError(f"{where} is {value}; it must be a whole number.")
    return type(current)(value)
