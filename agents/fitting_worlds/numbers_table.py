"""Every number of a fitted world with its uncertainty, from fits to users drawn with replacement."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import t as student

from driftrec.agents.fitting_worlds.marks_fit import HALF_LIVES
from driftrec.simulators.fitted.parameters import LONGEST_HALF_LIFE, SHORTEST_HALF_LIFE, FittedParameters
from driftrec.simulators.vectors import Double

SHARES = ("short_share", "churn", "keep")
"""Numbers between 0 and 1, whose intervals are those of their log-odds."""

POSITIVE = (
    *("fast_half_life", "slow_half_life", "satiation_half_life", "habit_half_life", "mark_half_life"),
    *("threshold", "usual", "short_hours", "long_hours"),
)
"""Numbers above 0, whose intervals are those of their logarithms: a half-life is known up to a factor."""

NEAR = 2.0
"""Half-lives within such a factor of the end of their range are at it."""

LEAST = 1e-9
"""Stands for 0, and 1 less it for 1, where a logarithm is taken."""


def numbers_table(
    world: FittedParameters, replicates: Sequence[FittedParameters], absent: Collection[str] = ()
) -> pd.DataFrame:
    """Every number: ``name``, ``value``, ``sd``, ``low``, ``high``, ``fitted``.

    The interval is that of ``ends_of``, on the scale of ``SHARES`` and ``POSITIVE``; ``sd`` is the standard deviation
    over the replicates, on the number's own. A half-life that every fit puts at the end of its range, up to a factor of
    ``NEAR``, is known to lie there or beyond, and no more: its interval ends at 0, or has no end. That of marks
    ends in the same way where it reaches the first or the last of ``marks_fit.HALF_LIVES``.

    Args:
        world: Whose.
        replicates: Fits to users drawn with replacement; without them there is no interval.
        absent: Numbers that were not fitted, of which there is no uncertainty to tell: ``fitted`` is False. So are,
            without marks, their half-life, and numbers of which the log holds no case: every fit finds the very same.
    """
    value = pd.Series(world.numbers())
    draws = pd.DataFrame([replicate.numbers() for replicate in replicates], columns=value.index, dtype=np.float64)
    unmarked = ["mark_half_life"] if world.marks is None else []
    fitted = ~value.index.isin([*absent, *unmarked])
    if len(draws):
        fitted &= (draws != value).any().to_numpy() | value.index.str.endswith("half_life")
    table = pd.DataFrame({"value": value, "sd": draws.std(ddof=1).where(fitted), "low": np.nan, "high": np.nan})
    for name in value.index[fitted]:
        table.loc[name, ["low", "high"]] = _ends_of_number(name, float(value[name]), draws[name].to_numpy(np.float64))
    return table.assign(fitted=fitted).rename_axis("name").reset_index()


def ends_of(value: Double, draws: Double) -> tuple[Double, Double]:
    """Ends of the 95 % interval of ``value`` (many,), by replicates ``draws`` (replicates, many); NaN of one or none.

    How far replicates lie from the fit tells how far the fit lies from the truth (bootstrap). Its distance is one more
    draw of a few normal ones, so the interval is Student's for a prediction: around their mean, which takes out a bias
    that replicates show, and wider the fewer they are. It is stretched to hold ``value`` where the bias is large.
    """
    if len(draws) < 2:
        return np.full(len(value), np.nan), np.full(len(value), np.nan)
    away = draws - value
    far = student.ppf(0.975, len(draws) - 1) * np.sqrt(1.0 + 1.0 / len(draws)) * away.std(axis=0, ddof=1)
    middle = value - away.mean(axis=0)
    return np.minimum(middle - far, value), np.maximum(middle + far, value)


def _ends_of_number(name: str, value: float, draws: Double) -> tuple[float, float]:
    """Ends on the number's own scale, see ``numbers_table``."""
    every = np.array([value, *draws])
    if name.endswith("half_life") and (every <= NEAR * SHORTEST_HALF_LIFE).all():
        return 0.0, float(every.max())
    if name.endswith("half_life") and (every >= LONGEST_HALF_LIFE / NEAR).all():
        return float(every.min()), np.inf
    ends = ends_of(straight(name, np.array([value])), straight(name, draws)[:, None])
    # there and back a number of no spread loses its last digits
    low, high = min(float(bent(name, ends[0])[0]), value), max(float(bent(name, ends[1])[0]), value)
    if name == "mark_half_life":
        low, high = 0.0 if low <= HALF_LIVES[0] else low, np.inf if high >= HALF_LIVES[-1] else high
    return low, high


def straight(name: str, values: np.ndarray) -> np.ndarray:
    """``values`` of a number on the scale of its interval."""
    if name in SHARES:
        return np.asarray(logit(np.clip(values, LEAST, 1 - LEAST)))
    return np.log(np.maximum(values, LEAST)) if name in POSITIVE else values


def bent(name: str, values: np.ndarray) -> np.ndarray:
    """The inverse of ``straight``."""
    if name in SHARES:
        return np.asarray(expit(values))
    return np.exp(values) if name in POSITIVE else values
