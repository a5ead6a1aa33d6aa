"""Mechanisms by name: the built-in ones with their parameters, or a class of the user's own."""

from __future__ import annotations

import hashlib
import inspect
import json
import pickle
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, is_dataclass
from functools import partial
from typing import Any

import numpy as np

from driftrec.simulators.imports import imported
from driftrec.simulators.settings import nearest, updated
from driftrec.simulators.trial import methods, try_out


def swappable(rule: type) -> dict[str, Any]:
    """Metadata of a configuration's field whose mechanism may be any class that keeps to ``rule``.

    Args:
        rule: A protocol, or the built-in class, whose methods and numbers it must have.
    """
    return {"change": partial(_changed, rule), "rule": rule}


def mechanism(changes: Any, known: Mapping[str, Any], usual: str, rule: type, where: str) -> Any:
    """A mechanism as JSON and keyword arguments tell it.

    Args:
        changes: Parameters by name; under "kind" one of ``known``, or a class of the user's own as
            "package.module:Class", built with the parameters. Modules in the current directory are found.
        known: Built-in mechanisms by name, with the parameters that changes start from.
        usual: The one of them that is changed where there is no "kind".
        rule: The protocol that it must keep to.
        where: Its setting, for messages.

    Raises:
        ImportError: If the class cannot be imported.
        TypeError: If ``changes`` is not a mapping, a parameter not of its kind, or the class breaks the protocol.
        ValueError: If the kind or a parameter is unknown (the message gives the nearest), or the class refuses it.
    """
    if not isinstance(changes, Mapping):
        return updated(known[usual], changes, where)
    parameters = dict(changes)
    kind = parameters.pop("kind", usual)
    if not isinstance(kind, str):
        raise TypeError(f"{where}.kind is {kind!r}; it must be a string.")
    if kind in known:
        return updated(known[kind], parameters, where)
    return _own(kind, parameters, known, rule, where)


def kinds(config: Any) -> dict[str, str]:
    """The class of every mechanism of a configuration, by path: "drift.kind"."""
    return {f"{field.name}.kind": type(getattr(config, field.name)).__name__ for field in _swappable(config)}


def contents(config: Any) -> dict[str, Any]:
    """All that a configuration says, for JSON; of mechanisms of the user's own, a hash of their module and state."""
    told = {field.name: getattr(config, field.name) for field in fields(config)}
    own = [field.name for field in _swappable(config) if type(told[field.name]) is not field.default_factory]
    plain = {name: value if name in own else _plain(value) for name, value in told.items()}
    return {**plain, **{name: _fingerprint(told[name], name) for name in own}}


def spelt(mechanism: Any) -> str:
    """A mechanism in words: its class and what it holds."""
    held = _plain(mechanism) if is_dataclass(mechanism) else getattr(mechanism, "__dict__", {})
    return f"{type(mechanism).__name__}({', '.join(f'{name}={value}' for name, value in held.items())})"


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _swappable(config: Any) -> list[Any]:
    return [field for field in fields(config) if "rule" in field.metadata]


def _changed(rule: type, current: Any, changes: Any, where: str) -> Any:
    usual = type(current).__name__
    return mechanism(changes, {usual: current}, usual, rule, where)


def _own(kind: str, parameters: Mapping[str, Any], known: Mapping[str, Any], rule: type, where: str) -> Any:
    """A mechanism of the user's own class, checked."""
    module, _, attribute = kind.partition(":")
    if not module or not attribute.isidentifier():
        advice = f"{nearest(kind, known)} Or your own: package.module:Class."
        raise ValueError(f"{where}.kind is {kind!r}, which is no mechanism. {advice}")
    make = imported(f"{where}.kind {kind!r}", module, attribute, nearest(module, known))
    made = _built(make, f"{where}: {kind}", parameters, where)
    missing = [f"{method}()" for method in methods(rule) if not callable(getattr(made, method, None))]
    missing += [name for name in _numbers(rule) if not hasattr(made, name)]
    if missing:
        raise TypeError(f"{where}: {kind} lacks {' and '.join(missing)}; see {rule.__module__}.{rule.__name__}.")
    try_out(made, rule, f"{where}: {kind}")
    return made


def _numbers(rule: type) -> list[str]:
    """What the world reads of a mechanism beside its methods, where a built-in class is the rule."""
    return [field.name for field in fields(rule)] if is_dataclass(rule) else []


def _built(make: Callable[..., Any], name: str, parameters: Mapping[str, Any], where: str) -> Any:
    """``make(**parameters)``; parameters are copied as JSON copies them, so that nobody else holds them."""
    if not callable(make):
        raise TypeError(f"{name} is {make!r}; it must be a class.")
    try:
        copied = json.loads(json.dumps(parameters, default=_python_number, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise type(error)(f"{where} must hold what JSON can hold: {error}.") from error
    _check_names(make, name, copied, where)
    try:
        return make(**copied)
    except Exception as error:  # whatever a user's class raises
        raise ValueError(f"{name} cannot be built with {copied}: {type(error).__name__}: {error}") from error


def _check_names(make: Callable[..., Any], name: str, parameters: Mapping[str, Any], where: str) -> None:
    """Raise ValueError if ``make`` is known not to take a parameter."""
    try:
        takes = inspect.signature(make).parameters
    except ValueError:  # written in C, it does not say
        return
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in takes.values()):
        return
    for parameter in parameters:
        if parameter not in takes:
            advice = nearest(parameter, takes) if takes else "It takes none."
            raise ValueError(f"{where}.{parameter} is not a parameter of {name.partition(': ')[2]}. {advice}")


def _python_number(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} is {type(value).__name__}")


def _fingerprint(mechanism: Any, name: str) -> str:
    """SHA-256 of a mechanism of the user's own: of its module's text, where there is one, and of its state."""
    try:
        text = inspect.getsource(sys.modules[type(mechanism).__module__])
    except OSError:  # typed into a console
        text = ""
    try:
        return hashlib.sha256(text.encode() + pickle.dumps(mechanism)).hexdigest()
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise TypeError(
            f"{name} is {spelt(mechanism)}, which cannot be pickled, so that the planner's weights for this world "
            f"cannot be kept: {error}. Keep plain numbers and arrays in the mechanism."
        ) from error
