"""What each part of the model says of events that it did not see, beside the same with sessions shuffled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.evaluation.bootstrap import Interval, ratio_interval
from driftrec.agents.fitting_worlds.fitter import Fitted, Fitter
from driftrec.agents.fitting_worlds.lives import TEST, LoggedUsers
from driftrec.agents.fitting_worlds.taste_model import FAST, MEAN, OWN, SESSION, SLOW, TEXT
from driftrec.agents.tastes.topic_liking import HABIT, SATIATION, THRESHOLD

LADDER: Mapping[str, tuple[str, ...]] = {
    "popularity": (),
    "static factors": (OWN,),
    "mean of the past": (OWN, MEAN),
    "slow drift": (OWN, SESSION, SLOW),
    "drift": (OWN, FAST, SESSION, SLOW),
    "drift and satiation": (OWN, FAST, SESSION, SLOW, SATIATION),
    "boredom and habits": (OWN, FAST, SESSION, SLOW, SATIATION, THRESHOLD, HABIT),
}
"""Terms of each model; each is held against the one before it."""

UNORDERED, ORDERED = tuple(LADDER)[:2], tuple(LADDER)[2:]
"""Models that do not depend on the order of events, and those that do, so that shuffling tells something."""

STATIC, TEXTUAL = UNORDERED[-1], "text cosine"

MODELS: Mapping[str, tuple[str, ...]] = {**LADDER, TEXTUAL: (TEXT, MEAN)}
"""With one that needs texts: near to the mean of what was opened, by their embeddings alone."""

BASELINES = (*UNORDERED, "mean of the past", TEXTUAL)
"""What a world is held against."""


def ordered(lives: LoggedUsers) -> tuple[str, ...]:
    """Those of ``ORDERED`` that a log can tell.

    Whether a topic is left alone for having been too much, or was not on offer, only a log with exposure says.
    """
    return ORDERED if lives.shown is not None else ORDERED[:-1]


def climb(lives: LoggedUsers, names: Iterable[str], fitter: Fitter, begin: Mapping[str, Fitted]) -> dict[str, Fitted]:
    """Fit the models ``names``, each from the start, so that none is ahead by its training; with those of ``begin``."""
    names = tuple(names)
    rungs = dict(begin)
    for name, fitted in zip(names, fitter.fits(lives, [MODELS[name] for name in names]), strict=True):
        rungs[name] = fitted
        fitter.report(f"  {name}: {fitted.likelihood.sum() / (lives.part == TEST).sum():.4f} a held-out event")
    return rungs


def rung_of(lives: LoggedUsers, terms: tuple[str, ...], fitter: Fitter, fitted: Iterable[Fitted]) -> Fitted:
    """The model of these terms, fitted unless it is among those ``fitted`` by the same settings and seed."""
    for rung in fitted:
        if set(rung.model.terms) == set(terms):
            return rung
    return next(fitter.fits(lives, [terms]))


def held_out_table(
    lives: LoggedUsers, rungs: Mapping[str, Fitted], controls: Mapping[str, Fitted], seed: int
) -> pd.DataFrame:
    """One row a model: log-likelihood a held-out event, and what it gains on models before it.

    Columns: ``model``; ``log_likelihood`` and ``shuffled``, a held-out event; ``gain``, ``gain_low``, ``gain_high``,
    over the model before it, with a 95 % interval over users, in pairs; the same of the shuffled sessions, behind
    ``shuffled_``, NaN where order says nothing; ``survives``, whether a gain is above 0 in both.
    """
    counts = np.bincount(lives.user[lives.part == TEST], minlength=len(lives.users)).astype(float)
    rows: list[dict[str, object]] = []
    names = [name for name in LADDER if name in rungs]
    for name, before in zip(names, (None, *names), strict=False):
        row: dict[str, object] = {"model": name}
        for prefix, some in (("", rungs), ("shuffled_", controls)):
            if prefix and name not in ORDERED:
                continue
            row["shuffled" if prefix else "log_likelihood"] = some[name].likelihood.sum() / counts.sum()
            if before is not None:
                gain = gain_of(some[name].likelihood - some[before].likelihood, counts, seed)
                row |= {f"{prefix}gain": gain.mean, f"{prefix}gain_low": gain.low, f"{prefix}gain_high": gain.high}
        lows = [row[f"{prefix}gain_low"] for prefix in ("", "shuffled_") if f"{prefix}gain_low" in row]
        row["survives"] = bool(lows) and all(float(str(low)) > 0 for low in lows)
        rows.append(row)
    return pd.DataFrame(rows)


def gain_of(difference: NDArray[np.float64], counts: NDArray[np.float64], seed: int) -> Interval:
    """Difference an event, users resampled whole: both (users,)."""
    there = counts > 0
    return ratio_interval(difference[None, there], 0.0 * counts[None, there], counts[None, there], seed=seed)


def against_table(
    lives: LoggedUsers,
    ours: tuple[Fitted, Fitted],
    rungs: Mapping[str, Fitted],
    controls: Mapping[str, Fitted],
    seed: int,
) -> pd.DataFrame:
    """One row a baseline: what a world's model gains on it a held-out event.

    Columns: ``baseline``; ``log_likelihood`` and ``ours``; ``gain``, ``gain_low``, ``gain_high``, with a 95 % interval
    over users, in pairs; ``shuffled_gain`` and its ends, the same of both models with sessions shuffled.

    Args:
        lives: The log.
        ours: The world's model, and the same fitted to shuffled sessions.
        rungs: Baselines by name, with others.
        controls: The same fitted to shuffled sessions; those that do not depend on order may be missing.
        seed: Source of the resampling.
    """
    counts = np.bincount(lives.user[lives.part == TEST], minlength=len(lives.users)).astype(float)
    rows: list[dict[str, object]] = []
    for name in BASELINES:
        if name not in rungs:
            continue
        theirs = (rungs[name], controls.get(name, rungs[name]))
        row: dict[str, object] = {
            "baseline": name,
            "log_likelihood": theirs[0].likelihood.sum() / counts.sum(),
            "ours": ours[0].likelihood.sum() / counts.sum(),
        }
        for prefix, mine, other in zip(("", "shuffled_"), ours, theirs, strict=True):
            gain = gain_of(mine.likelihood - other.likelihood, counts, seed)
            row |= {f"{prefix}gain": gain.mean, f"{prefix}gain_low": gain.low, f"{prefix}gain_high": gain.high}
        rows.append(row)
    return pd.DataFrame(rows)
