"""A mechanism of the user's own is called once as a world would call it, before the world relies on it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any, get_args, get_type_hints

import numpy as np

from driftrec.simulators.arrays import Array

_WORLD = {
    "slate_size": 5,
    "position": 1,
    "dims": 6,
    "three": 3,
    "moods": 3,
    "personas": 8,
    "categories": 9,
    "slots": 10,
    "items": 11,
}

SIZES: tuple[Mapping[str, int], ...] = (
    {"users": 7, "opened": 4, "ended": 3, "topics": 2, "places": 14, **_WORLD},
    {"users": 1, "opened": 0, "ended": 0, "topics": 2, "places": 2, **_WORLD},
)
"""Sizes of axes that are tried: all different, and a single user who opens nothing."""


def methods(rule: type) -> list[str]:
    """Names of the methods of a protocol, those that it inherits too."""
    return [name for name in dir(rule) if not name.startswith("_") and callable(getattr(rule, name))]


def try_out(mechanism: Any, rule: type, name: str) -> None:
    """Raise TypeError unless every method of ``rule`` can be called and does what its types say.

    Args:
        mechanism: Has all of these methods.
        rule: The protocol.
        name: Of the mechanism, for messages.
    """
    for method in methods(rule):
        hints = get_type_hints(getattr(rule, method), include_extras=True)
        result = hints.pop("return")
        _check_signature(getattr(mechanism, method), f"{name}.{method}", list(hints))
        for sizes in SIZES:
            _call(getattr(mechanism, method), f"{name}.{method}", hints, result, sizes)


def _check_signature(method: Any, name: str, arguments: list[str]) -> None:
    try:
        inspect.signature(method).bind(*arguments)
    except ValueError:  # written in C, it does not say what it takes
        return
    except TypeError as error:
        raise TypeError(f"{name} is called as {name.rpartition('.')[2]}({', '.join(arguments)}): {error}.") from error


def _call(method: Any, name: str, hints: Mapping[str, Any], result: Any, sizes: Mapping[str, int]) -> None:
    """Call the method twice and check what it returns and what it changed in place."""
    given, again = ({key: _value(key, hint, sizes) for key, hint in hints.items()} for _ in range(2))
    name = f"{name} with {', '.join(f'{key} {np.shape(value)}' for key, value in given.items())}"
    changed = {key: spec for key, spec in _arrays(hints).items() if spec.use == "change"}
    returned, once_more = _returned(method, name, given), _returned(method, name, again)
    _check_result(returned, result, list(changed), sizes, name)
    left, left_again = ([_at(values, key) for key in changed] for values in (given, again))
    for array, (key, spec) in zip(left, changed.items(), strict=True):
        _check_array(array, spec, sizes, f"{name} left {key} as")
    if not all(map(np.array_equal, [returned, *left], [once_more, *left_again])):
        raise TypeError(f"{name} did something else when called again; all that is random must come from its draws.")


def _returned(method: Any, name: str, given: Mapping[str, Any]) -> Any:
    try:
        with np.errstate(all="ignore"):
            return method(*given.values())
    except Exception as error:  # whatever a user's code raises
        raise TypeError(f"{name} raised {type(error).__name__}: {error}.") from error


def _check_result(returned: Any, hint: Any, changed: list[str], sizes: Mapping[str, int], name: str) -> None:
    """Raise TypeError unless what a method returned is what ``hint`` says."""
    if parts := [_array(part) for part in get_args(hint) if _array(part)]:
        if not isinstance(returned, tuple) or len(returned) != len(parts):
            raise TypeError(f"{name} returned {_kind(returned)}; it must be a tuple of {len(parts)} arrays.")
        for place, (array, spec) in enumerate(zip(returned, parts, strict=True)):
            _check_array(array, spec, sizes, f"{name} returned, at place {place},")
    elif _array(hint):
        _check_array(returned, _array(hint), sizes, f"{name} returned")
    elif hint is type(None) and returned is not None:
        todo = f"change {' and '.join(changed)} in place and return nothing" if changed else "return nothing"
        raise TypeError(f"{name} returned {_kind(returned)}; it must {todo}.")
    elif hint is float and not (isinstance(returned, int | float | np.number) and np.isfinite(returned)):
        raise TypeError(f"{name} returned {returned!r}; it must be a finite number.")


def _array(hint: Any) -> Any:
    """What ``hint`` says of an array, None where it says nothing."""
    return next((part for part in getattr(hint, "__metadata__", ()) if isinstance(part, Array)), None)


def _arrays(hints: Mapping[str, Any]) -> dict[str, Array]:
    """What ``hints`` say of arrays, those in dataclasses too, by path: "load", "state.load"."""
    found: dict[str, Array] = {}
    for name, hint in hints.items():
        if is_dataclass(hint):
            inner = _arrays(get_type_hints(hint, include_extras=True))
            found |= {f"{name}.{key}": spec for key, spec in inner.items()}
        elif spec := _array(hint):
            found[name] = spec
    return found


def _at(values: Mapping[str, Any], path: str) -> Any:
    """The array at a path of ``_arrays``."""
    name, _, attribute = path.partition(".")
    return getattr(values[name], attribute) if attribute else values[name]


def _value(name: str, hint: Any, sizes: Mapping[str, int]) -> Any:
    """A value that keeps to ``hint``: of an array, numbers across its range; of an int its size; of a float 1."""
    if isinstance(hint, type) and is_dataclass(hint):
        parts = get_type_hints(hint, include_extras=True)
        return hint(**{part: _value(part, told, sizes) for part, told in parts.items()})
    spec = _array(hint)
    if spec is None:
        return sizes.get(name, 1.0)
    shape = tuple(sizes[axis] for axis in spec.axes.split())
    count = int(np.prod(shape))
    if spec.below is not None:
        values = np.arange(count) % sizes[spec.below]
    else:
        least = -3.0 if spec.low == -np.inf else spec.low
        values = np.linspace(least, 3.0 if spec.high == np.inf else spec.high, count)
    array = values.reshape(shape).astype(spec.dtype)
    if spec.unit:
        array /= np.linalg.norm(array, axis=1, keepdims=True)
    array.flags.writeable = spec.use != "read"
    return array


def _check_array(array: Any, spec: Array, sizes: Mapping[str, int], what: str) -> None:
    """Raise TypeError unless ``array`` is what ``spec`` says."""
    shape = tuple(sizes[axis] for axis in spec.axes.split())
    kind = f"{np.dtype(spec.dtype)}, ({', '.join(spec.axes.split())}{',' * (len(shape) == 1)}) = {shape}"
    if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype != spec.dtype:
        raise TypeError(f"{what} {_kind(array)}; it must be {kind}.")
    low, high = spec.low, spec.high if spec.below is None else sizes[spec.below] - 1
    wrong = array[~(np.isfinite(array) & (array >= low) & (array <= high))]
    if wrong.size:
        raise TypeError(f"{what} {wrong[0]}; all must be {_range(low, high)}.")
    lengths = np.linalg.norm(array, axis=1) if spec.unit else np.ones(1)
    if np.abs(lengths - 1.0).max(initial=0.0) > 1e-3:
        raise TypeError(f"{what} rows of length {lengths[np.abs(lengths - 1.0).argmax()]:.3g}; scale them to length 1.")


def _range(low: float, high: float) -> str:
    if high < np.inf:
        return f"between {low:g} and {high:g}"
    return f"finite and at least {low:g}" if low > -np.inf else "finite"


def _kind(value: Any) -> str:
    """What a value is, in words: type and shape of an array, else the type."""
    return f"{value.dtype}, {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
