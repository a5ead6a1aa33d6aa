"""What is not one number of a fitted world, with its uncertainty: how chances go with a count, and every item."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes

from driftrec.agents.fitting_worlds.numbers_table import ends_of
from driftrec.simulators.fitted.parameters import MOVED, SHAPES, FittedParameters
from driftrec.simulators.vectors import Double


def shapes_table(world: FittedParameters, replicates: Sequence[FittedParameters]) -> pd.DataFrame:
    """What a count adds to log-odds, see ``VisitRates``: ``name``, ``count``, ``value``, ``sd``, ``low``, ``high``.

    A replicate that lacks a shape, of which the log is not likelier, adds 0.

    Args:
        world: Whose.
        replicates: Fits to users drawn with replacement; without them there is no interval.
    """
    parts = [pd.DataFrame({"name": [], "count": [], "value": [], "sd": [], "low": [], "high": []})]
    for name in SHAPES:
        shapes = [np.array(getattr(each.visits, name)) for each in (world, *replicates)]
        many = len(shapes[0])
        if many:
            draws = np.array([shape if len(shape) else np.zeros(many) for shape in shapes[1:]]).reshape(-1, many)
            told = {"name": name, "count": [_counts(group, many) for group in range(many)]}
            parts.append(pd.DataFrame({**told, **_with_ends("", shapes[0], draws)}).rename(columns={"": "value"}))
    return pd.concat(parts, ignore_index=True)


def items_table(world: FittedParameters, replicates: Sequence[FittedParameters]) -> pd.DataFrame:
    """One row an item: ``item``; ``quality`` and ``engagement``, each with ``_sd``, ``_low``, ``_high``; ``vector_sd``.

    The last is the root mean square distance of the replicates' vectors from the world's, which have a root mean square
    length of 1, once they are turned onto these: vectors are known up to a rotation. Of a world with marks also
    ``mark_end``, ``mark_short_share`` and ``mark_churn``, each with its ends; a replicate without marks has those of 0,
    and of a chance that the world's marks do not move there is no interval.

    Args:
        world: Whose.
        replicates: Of the same items; without them there is no interval.
    """
    told: dict[str, Double] = {}
    every = (world, *replicates)
    for name, values in (("quality", [w.quality for w in every]), ("engagement", [w.engagement for w in every])):
        value, *draws = np.array(values, np.float64)
        told |= _with_ends(name, value, np.array(draws).reshape(-1, len(world.ids)))
    if world.marks is not None:
        none = np.zeros_like(world.marks)
        marks = np.array([none if each.marks is None else each.marks for each in every], np.float64)
        for place, name in enumerate(MOVED):
            moved = marks[:, :, place] if marks[0, :, place].any() else marks[:1, :, place]
            told |= _with_ends(f"mark_{name}", moved[0], moved[1:])
    away = [np.square(_turned(each.vectors, world.vectors) - world.vectors).sum(axis=1) for each in replicates]
    vector = np.sqrt(np.mean(away, axis=0)) if away else np.full(len(world.ids), np.nan)
    return pd.DataFrame({"item": world.ids, **told, "vector_sd": vector})


def _with_ends(name: str, value: Double, draws: Double) -> dict[str, Double]:
    """Columns of ``value`` (many,), with deviation and interval by ``draws`` (replicates, many)."""
    sd = np.full(len(value), np.nan) if len(draws) < 2 else draws.std(axis=0, ddof=1)
    low, high = ends_of(value, draws)
    behind = f"{name}_" if name else ""
    return {name: value, f"{behind}sd": sd, f"{behind}low": low, f"{behind}high": high}


def _turned(vectors: NDArray[np.float32], onto: NDArray[np.float32]) -> NDArray[np.float32]:
    """``vectors`` rotated, or mirrored, to lie as near to ``onto`` as they can."""
    rotation, _ = orthogonal_procrustes(vectors, onto)
    return np.asarray(vectors @ rotation, np.float32)


def _counts(group: int, many: int) -> str:
    """The counts of a group of ``doubling``, such as "4 to 7"."""
    first = 2**group
    if group == many - 1:
        return f"{first} and more"
    return str(first) if first == 1 else f"{first} to {2 * first - 1}"
