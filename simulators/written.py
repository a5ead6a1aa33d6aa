"""What the generators of packaged catalogues share: counts in range, hidden numbers, people who differ."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from driftrec.simulators.catalogue import Personas
from driftrec.simulators.sizes import whole
from driftrec.simulators.vectors import Double

Person = tuple[str, Double]
"""A self-description and an interest, a unit vector (dims,)."""


def count_of(name: str, value: int, most: int, what: str = "give a number between 1 and {most}", least: int = 1) -> int:
    """``value`` as Python's int.

    Args:
        name: Of the argument, for messages.
        value: As given.
        most: Highest.
        what: What is to be given, with ``{most}`` in it, for messages.
        least: Lowest.

    Raises:
        TypeError: If it is not whole.
        ValueError: If it is out of range.
    """
    count = whole(name, value)
    if not least <= count <= most:
        raise ValueError(f"{name} is {count}; {what.format(most=most)}.")
    return count


def around_quality(rng: np.random.Generator, count: int, *correlations: float) -> Double:
    """Standard normals: quality, and one row a correlation with it, (1 + correlations, count)."""
    quality, *rests = rng.normal(size=(1 + len(correlations), count))
    others = [c * quality + np.sqrt(1 - c**2) * rest for c, rest in zip(correlations, rests, strict=True)]
    return np.stack([quality, *others])


def people(count: int, draw: Callable[[], Person | None]) -> Personas:
    """So many people of different words.

    Args:
        count: How many.
        draw: Makes one; None to be asked again.
    """
    found: dict[str, Double] = {}
    while len(found) < count:
        person = draw()
        if person is not None:
            found.setdefault(*person)
    return Personas(texts=tuple(found), interest=np.stack(list(found.values())).astype(np.float32))
