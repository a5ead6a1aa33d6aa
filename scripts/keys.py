"""What can be set of a verb, with the defaults of a world: the same keys on the command line and in files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass, make_dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

import tyro

from driftrec.simulators.settings import nearest

JSON = "{}"
"""The default of what is given as a JSON object; files may give a table instead."""


@dataclass(frozen=True)
class Key:
    """One thing that can be set.

    Attributes:
        name: As in files, such as "settings.ppo.total_steps".
        default: Its value unless set; ``dataclasses.MISSING`` where it must be.
        owner: The dataclass that has it, and whose docstrings explain it.
        positional: Whether it is a word of its own on the command line.
        several: Whether it may have several values.
    """

    name: str
    default: Any
    owner: type
    positional: bool
    several: bool

    def words(self, value: Any) -> list[str]:
        """What gives it ``value`` on the command line; ``value`` is a bool if the default is one."""
        group, _, last = self.name.replace("_", "-").rpartition(".")
        stem = f"--{group}." if group else "--"
        if isinstance(self.default, bool):
            return [f"{stem}{'' if value else 'no-'}{last}"]
        several = value if isinstance(value, list) else [value]
        if self.positional:
            return [str(one) for one in several]
        return [f"{stem}{last}", *map(str, several)] if isinstance(value, list) else [f"{stem}{last}={value}"]


def kinds_of(args: type) -> tuple[str, ...]:
    """Kinds of run among which the arguments of a verb choose; none where there is no choice."""
    hint = get_type_hints(args).get("kind")
    return get_args(hint) if get_origin(hint) is Literal else ()


def with_settings(args: type, world: str, kind: str | None) -> type:
    """The arguments of a verb that trains, with the settings of a world as their defaults.

    Args:
        args: The ``Args`` of its script, which have ``world`` and ``settings``.
        world: Environment id.
        kind: One of ``kinds_of``; None where there is no choice.

    Raises:
        ValueError: If world or kind is unknown, or the one does not train the other.
    """
    if (kind is not None or kinds_of(args)) and kind not in kinds_of(args):
        raise ValueError(f"Kind {kind!r} is unknown. {nearest(str(kind), kinds_of(args))}")
    from driftrec.agents.worlds.kits import PPO, settings_of  # torch takes seconds, and few verbs need it

    settings = settings_of(world, kind or PPO)
    own = [("world", str, world), ("settings", type(settings), settings)]
    return make_dataclass("Args", own, bases=(args,), frozen=True)


def keys_of(args: Any, group: str = "") -> Iterator[Key]:
    """All keys of a dataclass or an instance of it, those of its own before those of dataclasses in it.

    Args:
        args: Whose; the defaults are those of the class or the values of the instance.
        group: What its keys begin with, such as "settings.".
    """
    owner = args if isinstance(args, type) else type(args)
    hints = get_type_hints(owner, include_extras=True)
    values = {field.name: getattr(args, field.name, MISSING) for field in fields(owner)}
    for name, value in values.items():
        if not is_dataclass(value):
            types = (hints[name], *get_args(hints[name]))
            several = any(get_origin(one) is tuple for one in types)
            yield Key(f"{group}{name}", value, owner, tyro.conf.Positional in types, several)
    for name, value in values.items():
        if is_dataclass(value):
            yield from keys_of(value, f"{group}{name}.")
