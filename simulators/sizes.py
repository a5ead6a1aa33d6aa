"""Sizes as Python's own whole numbers, since those of NumPy wrap around: ``np.uint8(200) + np.uint8(100)`` is 44."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np


def size(name: str, value: Any, needs: str = "at least 1", most: int | None = None) -> int:
    """``value`` as an int from 1 to ``most``.

    Args:
        name: What is set, for messages.
        value: Of any integer type, NumPy's too.
        needs: What it must be, for messages.
        most: Largest value, if there is one.

    Raises:
        TypeError: If it is no integer, as a bool, 2.5 and 10.0 are none.
        ValueError: If it is out of range.
    """
    number = whole(name, value)
    if number < 1 or (most is not None and number > most):
        raise ValueError(f"{name} is {number}; it must be {needs}.")
    return number


def whole(name: str, value: Any) -> int:
    """``value`` as an int; TypeError unless it is one, of whatever type."""
    try:
        if not isinstance(value, bool | np.bool_):
            return operator.index(value)
    except TypeError:
        pass
    raise TypeError(f"{name} is {value!r}; it must be a whole number. Give an int.")


def check_sizes(settings: Any, **ranges: tuple[int, int]) -> None:
    """Make ints of the named fields of a frozen dataclass and check that each lies within its closed range.

    Args:
        settings: A dataclass instance, changed in place.
        **ranges: Field name to (lowest, highest).

    Raises:
        TypeError: If one is no integer.
        ValueError: If one is out of range.
    """
    for name, (low, high) in ranges.items():
        where = f"{type(settings).__name__}.{name}"
        number = whole(where, getattr(settings, name))
        if not low <= number <= high:
            raise ValueError(f"{where} is {number}; it must be between {low} and {high}.")
        object.__setattr__(settings, name, number)
