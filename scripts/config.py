"""Print a file of settings to start from: all keys of a verb in a world, explained, with their defaults."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from textwrap import wrap
from typing import Any

from docstring_parser import Docstring, parse_from_object

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.scripts.cli import VERBS
from driftrec.scripts.keys import JSON, Key, keys_of, with_settings
from driftrec.simulators.settings import nearest


@dataclass(frozen=True)
class Args:
    """Print a file of settings to start from."""

    world: str | None = None
    """Environment id; news when omitted."""
    verb: str = "train"
    """Verb that is to read the file."""
    kind: str | None = None
    """Of train-baseline: slateq, paced and others, as its help lists them; slateq when omitted."""


def main(args: Args) -> None:
    """Print the file.

    Raises:
        ValueError: If verb, world or kind is unknown, or the verb takes no world or kind.
    """
    if args.verb not in VERBS:
        raise ValueError(f"Verb {args.verb!r} is unknown. {nearest(args.verb, VERBS)}")
    of_verb = importlib.import_module(f"driftrec.scripts.{args.verb.replace('-', '_')}").Args
    chosen = {}
    for name, value in (("world", args.world), ("kind", args.kind)):
        if hasattr(of_verb, name):
            chosen[name] = value or getattr(of_verb, name)
        elif value is not None:
            raise ValueError(f"driftrec {args.verb} takes no --{name}; leave it out.")
    if hasattr(of_verb, "settings"):
        of_verb = with_settings(of_verb, chosen["world"], chosen.get("kind"))
    print("\n".join(lines(args.verb, list(keys_of(of_verb)), chosen)))


def lines(verb: str, keys: list[Key], chosen: Mapping[str, str | None]) -> Iterator[str]:
    """Lines of the file; all keys but those ``chosen``, not as None, are commented out."""
    yield f"# For driftrec {verb} --from FILE.toml; flags win over the file."
    yield "# Keys that are commented out show their defaults; take the # away to set them."
    for group, members in groupby(keys, lambda key: key.name.rpartition(".")[0]):
        of_group = list(members)
        yield ""
        if group:
            yield from _comment(_docs(of_group[0].owner).short_description)
            yield f"[{group}]"
        for key in of_group:
            yield from _comment(_about(key))
            said = chosen.get(key.name) is not None
            name, value = key.name.rpartition(".")[2], chosen[key.name] if said else key.default
            yield f"{'' if said else '#'}{name} = {_toml(value)}"


def _about(key: Key) -> str:
    """What the docstrings say of ``key``."""
    name = key.name.rpartition(".")[2]
    told = (param.description for of in key.owner.__mro__ for param in _docs(of).params if param.arg_name == name)
    about = next(filter(None, told), "")
    return f"{about} Must be given, here or on the command line." if key.default is MISSING else about


@cache
def _docs(owner: type) -> Docstring:
    return parse_from_object(owner)


def _comment(text: str | None) -> list[str]:
    return [f"# {line}" for line in wrap(" ".join((text or "").split()), 98)]


def _toml(value: Any) -> str:
    """A default as TOML, which is JSON but for None."""
    if value is MISSING:
        return '""'
    if value == JSON:
        return value
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(str(value) if value is None or isinstance(value, Path) else value, ensure_ascii=False)


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("config")
