"""Parameters of users' own policies, as a policy's name gives them: ``package.module:Class?weights=file&temper=2``.

Imports of agents: none.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin
from urllib.parse import unquote

from driftrec.simulators.settings import nearest

Convert = Callable[[str], Any]


def parsed(name: str, query: str) -> dict[str, str]:
    """What stands behind the question mark: "a=1&b=x" as a mapping; "%26" in a value is an "&", "%25" a "%".

    Args:
        name: The policy, for messages.
        query: Pairs of name and value.

    Raises:
        ValueError: If a pair has no name or no "=", or a name stands twice.
    """
    found: dict[str, str] = {}
    for pair in query.split("&"):
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise ValueError(f"Policy {name!r} has the parameter {pair!r}; write name=value, with & between several.")
        if key in found:
            raise ValueError(f"Policy {name!r} gives the parameter {key!r} twice; give it once.")
        found[key] = unquote(value)
    return found


def typed(name: str, factory: Callable[..., Any], given: Mapping[str, str]) -> dict[str, Any]:
    """``given`` as keyword arguments of ``factory``, each in the type that its signature says.

    Types are str, int, float, bool (true or false), ``pathlib.Path``, ``Literal`` and these or None ("none"); without
    an annotation that of the default, or str. Names that only ``**others`` takes are str.

    Args:
        name: The policy, for messages.
        factory: Called with the context and these.
        given: Texts by name.

    Raises:
        ValueError: If there is no such parameter (the message gives the nearest), or a text is not of its type.
        TypeError: If a parameter's type is none of these.
    """
    if not given or not callable(factory):
        return dict(given)
    parameters = list(_signature(factory).parameters.values())[1:]  # the first is the context
    takes = {each.name: each for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)}
    others = any(each.kind == each.VAR_KEYWORD for each in parameters)
    for key in given:
        if key not in takes and not others:
            advice = nearest(key, takes) if takes else "It takes none beside the context."
            raise ValueError(f"Policy {name!r} has no parameter {key!r}. {advice}")
    return {key: _value(name, text, takes.get(key)) for key, text in given.items()}


def _signature(factory: Callable[..., Any]) -> inspect.Signature:
    """With annotations as types, where they can be resolved."""
    try:
        return inspect.signature(factory, eval_str=True)
    except NameError:  # imported for type checkers alone
        return inspect.signature(factory)


def _value(name: str, text: str, parameter: inspect.Parameter | None) -> Any:
    """``text`` in the parameter's type."""
    if parameter is None:
        return text
    annotation = parameter.annotation
    if annotation is parameter.empty:
        plain = isinstance(parameter.default, bool | int | float | str | Path)
        annotation = type(parameter.default) if plain else str
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    for kind in sorted(kinds, key=lambda kind: kind is not NoneType):  # almost any text is a str or a Path
        try:
            return _converter(name, parameter.name, kind)(text)
        except ValueError:
            continue
    raise ValueError(f"Policy {name!r}: {parameter.name} is {text!r}; it must be {_words(annotation)}.")


def _converter(name: str, parameter: str, kind: Any) -> Convert:
    """What makes a value of ``kind``, or raises ValueError."""
    if get_origin(kind) is Literal:
        return lambda text: _chosen(text, {str(value): value for value in get_args(kind)})
    if kind in _CONVERTERS:
        return _CONVERTERS[kind]
    raise TypeError(
        f"Policy {name!r}: {parameter} is of type {_words(kind)}, which a name cannot give; "
        "let the class take a number, a text or a file."
    )


def _chosen(text: str, values: Mapping[str, Any]) -> Any:
    """The value written so."""
    if text not in values:
        raise ValueError(text)
    return values[text]


def _finite(text: str) -> float:
    """A number that is one."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _words(annotation: Any) -> str:
    """A type as its author wrote it."""
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


_CONVERTERS: Mapping[Any, Convert] = {
    NoneType: lambda text: _chosen(text.lower(), {"none": None}),
    bool: lambda text: _chosen(text.lower(), {"true": True, "false": False}),
    int: int,
    float: _finite,
    str: str,
    Path: Path,
    Any: str,
}
