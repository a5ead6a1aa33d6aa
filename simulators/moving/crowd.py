"""Users who stay from round to round: drifted states are kept, lost users' places are taken by newcomers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.moving.course import Course
from driftrec.simulators.moving.kinds import arrive, lean, lived, look
from driftrec.simulators.moving.round_world import RoundWorld
from driftrec.simulators.vectors import Double
from driftrec.simulators.world import put


@dataclass
class Crowd:
    """The users of a deployment, a place each.

    Attributes:
        state: Of the world, leading axis places.
        seeds: Of who is there, (places,).
        came: Hour of the course of the first visit, (places,).
    """

    state: Any
    seeds: NDArray[np.uint64]
    came: Double

    def now(self) -> Double:
        """Hour of the course of everybody's next visit, (places,)."""
        return self.came + lived(self.state)

    def there(self, until: float) -> NDArray[np.bool_]:
        """Who comes before the hour ``until``, (places,)."""
        return ~self.state.gone & (self.now() < until)


def first_crowd(course: Course, world: RoundWorld, users: int) -> Crowd:
    """Users of round 0, all new."""
    seeds = course.newcomers(0, users)
    state = world.reset(seeds)
    return Crowd(state, seeds, arrive(world.base, state, course.start(0)))


def move_on(crowd: Crowd, course: Course, world: RoundWorld) -> int:
    """Bring a crowd into the round of ``world``, the next one, in place.

    Who was lost, and who leaves for reasons of their own, makes room for a newcomer; all others feel how the trend has
    changed.

    Returns:
        How many newcomers there are.
    """
    number, users = world.number, len(crowd.seeds)
    lean(crowd.state, world.trend - course.trend(number - 1), course.directions)
    look(world.base, crowd.state)
    places = np.flatnonzero(crowd.state.gone | course.leaving(number, users))
    seeds = course.newcomers(number, users)[places]
    fresh = world.reset(seeds)
    crowd.came[places] = arrive(world.base, fresh, course.start(number))
    put(crowd.state, places, fresh)
    crowd.seeds[places] = seeds
    return len(places)


def arrays_of(crowd: Crowd) -> dict[str, NDArray[Any]]:
    """All of a crowd as arrays by path, such as "state.history._end", for a file."""
    told: dict[str, NDArray[Any]] = {"seeds": crowd.seeds, "came": crowd.came}
    _collect(crowd.state, "state", told)
    return told


def crowd_from(template: Crowd, arrays: Mapping[str, NDArray[Any]]) -> Crowd:
    """The crowd that ``arrays_of`` was told.

    Args:
        template: Any crowd of the same world and size, which is changed.
        arrays: What ``arrays_of`` gave.

    Raises:
        ValueError: If they are of another world, size or version; names the first array that does not fit.
    """
    expected = arrays_of(template)
    for name, value in expected.items():
        if name not in arrays or arrays[name].shape[:1] != value.shape[:1] or arrays[name].dtype != value.dtype:
            raise ValueError(f"The users kept do not fit this world: {name} is missing or of another shape or type.")
    if extra := sorted(arrays.keys() - expected.keys()):
        raise ValueError(f"The users kept do not fit this world: it has no {extra[0]}.")
    _fill(template.state, "state", arrays)
    template.seeds, template.came = arrays["seeds"].copy(), arrays["came"].copy()
    return template


def _parts(thing: Any) -> Mapping[str, Any]:
    return thing if isinstance(thing, dict) else vars(thing)


def _collect(thing: Any, path: str, told: dict[str, NDArray[Any]]) -> None:
    for name, value in _parts(thing).items():
        if isinstance(value, np.ndarray | int):
            told[f"{path}.{name}"] = np.asarray(value)
        else:
            _collect(value, f"{path}.{name}", told)


def _fill(thing: Any, path: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    for name, value in list(_parts(thing).items()):
        kept = arrays.get(f"{path}.{name}")
        if isinstance(value, np.ndarray) and kept is not None:
            made: Any = np.array(kept, order="F" if value.flags.fnc else "C")
        elif isinstance(value, int) and kept is not None:
            made = int(kept)
        else:
            _fill(value, f"{path}.{name}", arrays)
            continue
        if isinstance(thing, dict):
            thing[name] = made
        else:
            setattr(thing, name, made)
