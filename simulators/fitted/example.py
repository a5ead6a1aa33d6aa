"""Made-up fitted worlds: what ``driftrec/Fitted-v0`` is without a folder, and what fitting is tested on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from driftrec.simulators.fitted.parameters import MOVED, FittedParameters, Marks, Tastes, VisitRates

TASTES = Tastes(
    fast=1.2,
    fast_half_life=2.0,
    session=0.0,
    slow=1.2,
    slow_half_life=20.0,
    satiation=0.5,
    satiation_half_life=12.0,
    repeat=0.7,
    no_click=1.0,
    position=0.2,
)
VISITS = VisitRates(end=-1.2, content=-0.3, usual=0.6, short_hours=10.0, long_hours=200.0, short_share=0.7, churn=0.03)

BORED = Tastes(
    satiation=2.0,
    satiation_half_life=12.0,
    threshold=3.0,
    keep=0.8,
    habit=0.8,
    habit_half_life=5.0,
    repeat=0.7,
    position=0.2,
    takeaway=0.5,
)

LEVEL = 0.5
"""Of users' engagement, where they differ in it: half of what the log's deviation is."""


def made_up(
    items: int = 40,
    dims: int = 3,
    people: int = 100,
    tastes: Tastes = TASTES,
    visits: VisitRates = VISITS,
    several: bool = False,
    seed: int = 0,
) -> FittedParameters:
    """A small world of known parameters; the same for the same arguments.

    Args:
        items: How many; topics are as many as ``dims``, of the items nearest to each axis.
        dims: Of the vectors.
        people: Of whom users are drawn.
        tastes: How users choose.
        visits: How long they stay, and when they return.
        several: Whether several items of a slate may be opened.
        seed: Source of the arrays.
    """
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(items, dims))
    vectors /= np.sqrt((vectors**2).sum(axis=1).mean())
    return FittedParameters(
        tastes,
        visits,
        tuple(f"item-{i}" for i in range(items)),
        vectors=vectors.astype(np.float32),
        quality=rng.normal(scale=0.5, size=items).astype(np.float32),
        topic=vectors.argmax(axis=1).astype(np.int64),
        engagement=rng.uniform(0.5, 1.5, size=items).astype(np.float32),
        people=rng.normal(scale=0.7, size=(people, dims)).astype(np.float32),
        spread=0.1,
        low=0.0,
        high=2.0,
        several=several,
    )


def made_up_with_habits(seed: int = 0) -> FittedParameters:
    """``made_up``, where topics bore beyond a threshold, grow into habits, and several items of a slate are opened.

    Args:
        seed: Source of the arrays.
    """
    return made_up(tastes=BORED, several=True, seed=seed)


def made_up_with_marks(seed: int = 0) -> FittedParameters:
    """``made_up``, where users have levels of engagement and items leave marks, by their quality, lift and vector.

    Args:
        seed: Source of the arrays.
    """
    world, rng = made_up(seed=seed), np.random.default_rng([seed, 1])
    lift = rng.normal(scale=0.5, size=len(world.ids))
    traits = np.column_stack([world.quality, lift, world.vectors])
    marks = traits @ rng.normal(scale=0.5, size=(traits.shape[1], len(MOVED)))
    logged = np.sort(rng.gamma(2.0, size=64))
    return replace(
        world,
        lift=lift.astype(np.float32),
        logged=logged.astype(np.float32),
        level=LEVEL,
        rest=float(np.sqrt(1.0 - LEVEL**2 - np.mean(lift**2))),
        high=float(logged[-1]),
        marks=marks.astype(np.float32),
        fading=Marks(half_life=5.0),
    )
