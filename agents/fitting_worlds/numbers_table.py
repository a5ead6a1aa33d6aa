"""Every number of a fitted world with its uncertainty, from fits to users drawn with replacement."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import t as student

from driftrec.simulators.fitted.parameters import FittedParameters

SHARES = ("short_share", "churn")
"""Numbers between 0 and 1, whose intervals are those of their log-odds."""

POSITIVE = ("fast_half_life", "slow_half_life", "satiation_half_life", "usual", "short_hours", "long_hours")
"""Numbers above 0, whose intervals are those of their logarithms: a half-life is known up to a factor."""

LEAST = 1e-9
"""Stands for 0, and 1 less it for 1, where a logarithm is taken."""


def numbers_table(
    world: FittedParameters, replicates: Sequence[FittedParameters], absent: Collection[str] = ()
) -> pd.DataFrame:
    """Every number: ``name``, ``value``, ``sd``, ``low``, ``high``, ``fitted``.

    The interval is Student's, which is wider than the normal one where replicates are few, on the scale of ``SHARES``
    and ``POSITIVE``; ``sd`` is the standard deviation over the replicates, on the number's own.

    Args:
        world: Whose.
        replicates: Fits to users drawn with replacement; without them there is no interval.
        absent: Numbers that were not fitted, of which there is no uncertainty to tell: ``fitted`` is False.
    """
    value = pd.Series(world.numbers())
    fitted = ~value.index.isin(list(absent))
    draws = pd.DataFrame([replicate.numbers() for replicate in replicates], columns=value.index)
    scaled = {name: straight(name, draws[name].to_numpy(np.float64)) for name in value.index}
    spread = pd.DataFrame(scaled).std(ddof=1)
    far = student.ppf(0.975, max(len(replicates) - 1, 1)) * spread.where(fitted)
    ends = {"low": value.copy(), "high": value.copy()}
    for name in value.index:
        at = straight(name, np.array(value[name]))
        low, high = (float(bent(name, at + sign * far[name])) for sign in (-1, 1))
        ends["low"][name], ends["high"][name] = np.minimum(low, value[name]), np.maximum(high, value[name])
    sd = draws.astype(np.float64).std(ddof=1).where(fitted)
    table = pd.DataFrame({"value": value, "sd": sd, **ends, "fitted": fitted})
    return table.rename_axis("name").reset_index()


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
