"""What the scorecard may do to a world: settings and arrays by name, which a kit knows and nobody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from driftrec.simulators.catalogue import Catalogue, Personas


@dataclass(frozen=True)
class Edition:
    """Items and people of the same kind as the packaged ones, written anew.

    Attributes:
        items: Called with their number and a seed.
        people: The same.
    """

    items: Callable[[int, int], Catalogue]
    people: Callable[[int, int], Personas]


@dataclass(frozen=True)
class Changes:
    """What a world can be changed into; what is empty or None it cannot.

    Attributes:
        tastes: Arrays of the state, leading axis users, that hold what a user likes and nothing of the past.
        drift: Settings under which tastes move otherwise.
        price: Settings under which prices weigh otherwise.
        edition: Writes other items and people.
    """

    tastes: tuple[str, ...] = ()
    drift: Mapping[str, Any] = field(default_factory=dict)
    price: Mapping[str, Any] = field(default_factory=dict)
    edition: Edition | None = None
