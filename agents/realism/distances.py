"""How far simulated lives are from real ones, beside how far real users are from real users."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from driftrec.agents.realism.aspects import Aspect
from driftrec.simulators.vectors import Double

DRAWS = 200
"""Resamples of users."""

BAND = 0.95
"""Share of two resamples of the log's users that are no farther apart than the band."""


@dataclass(frozen=True)
class Difference:
    """One aspect, compared; a distance is the largest difference of two curves.

    Attributes:
        name: Of the aspect.
        of: What the curve is over.
        points: Where it is told, (points,).
        real: The log's curve, (points,).
        low: Lower end of its 95 % interval over users, point by point, (points,).
        high: Upper end.
        simulated: The world's curve, (points,).
        distance: Of the two.
        distance_low: Lower end of its 95 % interval over users, in pairs.
        distance_high: Upper end.
        band: Distance within which two draws of as many of the log's users lie 95 times of 100.
    """

    name: str
    of: str
    points: Double
    real: Double
    low: Double
    high: Double
    simulated: Double
    distance: float
    distance_low: float
    distance_high: float
    band: float

    @property
    def inside(self) -> bool:
        """Whether the world is as near to the log as the log's users are to each other."""
        return self.distance <= self.band


def distances_of(pairs: Iterable[tuple[Aspect, Aspect]], seed: int) -> list[Difference]:
    """Every pair of a real and a simulated aspect, compared."""
    return [distance_of(real, simulated, seed) for real, simulated in pairs]


def distance_of(real: Aspect, simulated: Aspect, seed: int) -> Difference:
    """One pair; users are drawn with replacement, the same in both."""
    users = len(real.rows)
    rng = np.random.default_rng(seed)
    one, other = (rng.multinomial(users, np.full(users, 1.0 / users), size=DRAWS).astype(float) for _ in range(2))
    curves = real.curve(one @ real.rows)
    away = _farthest(curves - simulated.curve(one @ simulated.rows))
    apart = _farthest(curves - real.curve(other @ real.rows))
    whole, lived = real.curve(real.rows.sum(axis=0)), simulated.curve(simulated.rows.sum(axis=0))
    low, high = _ends(curves)
    away_low, away_high = _ends(away[:, None])[:, 0].tolist()
    return Difference(
        name=real.name,
        of=real.of,
        points=real.points,
        real=whole,
        low=low,
        high=high,
        simulated=lived,
        distance=float(_farthest(whole - lived)),
        distance_low=away_low,
        distance_high=away_high,
        band=float(np.quantile(apart, BAND)),
    )


def _farthest(difference: Double) -> Double:
    """Largest absolute difference over the last axis, of what can be told; 0 where nothing can."""
    return np.nan_to_num(np.abs(difference)).max(axis=-1, initial=0.0)


def _ends(draws: Double) -> Double:
    """2.5 and 97.5 % quantiles over the first axis, NaN where there is nothing, (2, ...)."""
    known = np.where(np.isnan(draws).all(axis=0), 0.0, draws)
    return np.where(np.isnan(draws).all(axis=0), np.nan, np.nanquantile(known, [0.025, 0.975], axis=0))
