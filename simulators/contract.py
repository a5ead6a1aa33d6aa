"""Whether a world keeps the contract of ``World``: all that is missing or ill-shaped, told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from driftrec.simulators.catalogue import Catalogue, Personas
from driftrec.simulators.offers import OFFERED
from driftrec.simulators.world import Feedback, Field, NotAppraisedError, World

READ_ON = "See driftrec.simulators.world.World, and docs/own-worlds.md for an example."
USERS = 2
"""Users of a trial."""

_METHODS = ("check_ends", "reset", "step", "observe", "reveal", "expected_engagement")


def _count(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) >= 1


def _features(value: Any) -> bool:
    return value is None or (isinstance(value, np.ndarray) and value.dtype == np.float32 and value.ndim == 2)


def _of_fields(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(field, Field) for field in value.values())


_MEMBERS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "num_items": (_count, "a whole number, at least 1"),
    "slate_size": (_count, "a whole number, at least 1"),
    "unit": (lambda value: isinstance(value, str), 'a string, such as "clicks"'),
    "one_click": (lambda value: isinstance(value, bool), "True or False"),
    "catalogue": (lambda value: value is None or isinstance(value, Catalogue), "a Catalogue or None"),
    "personas": (lambda value: value is None or isinstance(value, Personas), "Personas or None"),
    "item_features": (_features, "a float32 array (items, features) or None"),
    "fields": (_of_fields, "a mapping of names to Field"),
    "topics": (lambda value: isinstance(value, Mapping), "a mapping of names to vectors, which may be empty"),
    "settled": (lambda value: isinstance(value, Mapping), "a mapping of arguments to values, which may be empty"),
    **dict.fromkeys(_METHODS, (callable, "a method")),
}


def check_members(world: Any) -> None:
    """Look at what a world says of itself.

    Raises:
        TypeError: If a member is missing or of another kind; names all of them.
    """
    faults, members = [], {}
    for name, (fits, kind) in _MEMBERS.items():
        if not hasattr(world, name):
            faults.append(f"{name} is missing; it must be {kind}")
        elif not fits(value := getattr(world, name)):
            faults.append(f"{name} is {_short(value)}; it must be {kind}")
        else:
            members[name] = value
    _complain(world, faults + _disagreements(members))


def check_trial(world: World[Any]) -> None:
    """Let ``USERS`` users live through one step, and look at what comes out.

    Raises:
        TypeError: If an array has another shape or type than the contract says, or names are not those of ``fields``;
            names all of them.
    """
    state = world.reset(np.arange(USERS, dtype=np.uint64))
    faults = _observed(world, state)
    items = np.arange(world.slate_size) % world.num_items
    with suppress(NotAppraisedError):
        faults += _array("expected_engagement", world.expected_engagement(state), (world.num_items,), np.float32)
    faults += _revealed(world, state)
    feedback = world.step(state, np.tile(items, (USERS, 1)))
    if isinstance(feedback, Feedback):
        slate, whether = (world.slate_size,), np.bool_
        kinds: dict[str, tuple[tuple[int, ...], type[np.generic]]]
        kinds = {"clicks": (slate, whether), "engagement": (slate, np.float32)}
        kinds |= {"ended": ((), whether), "gap": ((), np.float32), "left": ((), whether)}
        for name, (shape, dtype) in kinds.items():
            faults += _array(f"step's {name}", getattr(feedback, name), shape, dtype)
    else:
        faults.append(f"step returns {_short(feedback)}; it must be a Feedback")
    _complain(world, faults + [fault for fault in _observed(world, state) if fault not in faults])


def _observed(world: World[Any], state: Any) -> list[str]:
    """What is wrong with an observation."""
    seen = world.observe(state)
    if set(seen) != set(world.fields):
        return [f"observe returns {sorted(seen)}; fields names {sorted(world.fields)}"]
    each = [_array(f"observe's {name}", seen[name], field.shape, field.dtype) for name, field in world.fields.items()]
    return [fault for faults in each for fault in faults]


def _revealed(world: World[Any], state: Any) -> list[str]:
    """What is wrong with the hidden truth: numbers of each user, or one for each of some things."""
    truth = world.reveal(state)
    if not isinstance(truth, Mapping):
        return [f"reveal returns {_short(truth)}; it must be a mapping of names to arrays"]
    return [
        f"reveal's {name} is {_short(value)} for {USERS} users; it must be an array of shape ({USERS},) or ({USERS}, n)"
        for name, value in truth.items()
        if not isinstance(value, np.ndarray) or value.ndim not in (1, 2) or len(value) != USERS
    ]


def _array(name: str, value: Any, shape: tuple[int, ...], dtype: type[np.generic]) -> list[str]:
    """What is wrong with an array of one row a user."""
    expected = (USERS, *shape)
    if isinstance(value, np.ndarray) and value.shape == expected and value.dtype == dtype:
        return []
    return [f"{name} is {_short(value)} for {USERS} users; it must be {np.dtype(dtype)} of shape {expected}"]


def _disagreements(members: Mapping[str, Any]) -> list[str]:
    """Which ``members``, each well by itself, do not go together."""

    def told(*names: str) -> bool:
        return members.keys() >= set(names)

    faults = []
    if told("catalogue", "personas") and (members["catalogue"] is None) != (members["personas"] is None):
        faults.append("catalogue and personas go together; give both or neither")
    offered = OFFERED in members.get("fields", ())
    for name, count in (("catalogue", lambda catalogue: catalogue.num_items), ("item_features", len)):
        if name == "catalogue" and offered:
            continue  # its items come and go
        if told(name, "num_items") and members[name] is not None and count(members[name]) != members["num_items"]:
            faults.append(f"{name} has {count(members[name])} items; num_items is {members['num_items']}")
    if offered and members.get("catalogue") is not None and told("num_items"):
        offer, wanted = members["fields"][OFFERED], (members["num_items"],)
        if offer.shape != wanted or not np.issubdtype(offer.dtype, np.integer):
            faults.append(
                f'field "{OFFERED}" is {np.dtype(offer.dtype)} of shape {offer.shape}; beside a catalogue it tells '
                f"which items are on offer, integers of shape {wanted} = (num_items,)"
            )
    nothing = told("catalogue", "item_features") and members["catalogue"] is members["item_features"] is None
    if nothing and OFFERED not in members.get("fields", (OFFERED,)):
        faults.append(f'catalogue and item_features are None; fields must then name "{OFFERED}", drawn for a request')
    return faults


def _short(value: Any) -> str:
    """An array by type and shape, anything else as it is."""
    return f"{value.dtype} of shape {value.shape}" if isinstance(value, np.ndarray) else repr(value)


def _complain(world: Any, faults: list[str]) -> None:
    if faults:
        raise TypeError(f"{type(world).__name__} is no World: " + "; ".join(faults) + f". {READ_ON}")
