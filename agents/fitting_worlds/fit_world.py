"""The whole fit: from a log's lives to a world's parameters, with intervals and what each part is worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from driftrec.agents.engines.engine import Tell
from driftrec.agents.fitting_worlds.fitter import Fitted, Fitter
from driftrec.agents.fitting_worlds.held_out import (
    ORDERED,
    STATIC,
    TEXTUAL,
    UNORDERED,
    against_table,
    climb,
    held_out_table,
    ordered,
    rung_of,
)
from driftrec.agents.fitting_worlds.lives import TEST, VALIDATION, LoggedUsers, shuffled
from driftrec.agents.fitting_worlds.mechanisms import Chosen, choose, not_fitted, with_control
from driftrec.agents.fitting_worlds.numbers_table import numbers_table
from driftrec.agents.fitting_worlds.taste_fit import FitWorldSettings, fit_tastes, unseen_likelihood
from driftrec.agents.fitting_worlds.taste_model import KnownItems, TasteModel
from driftrec.agents.fitting_worlds.world_parts import ASSUMED_OPENED, ASSUMED_SLATE, near_items, parameters_of
from driftrec.simulators.fitted.parameters import FittedParameters


@dataclass(frozen=True)
class WorldFit:
    """What came of a fit.

    Attributes:
        world: The parameters.
        model: What they are of.
        static: The model of static factors, which nothing moves.
        known: What was told or found of the items.
        chosen: Which mechanisms earned their place.
        replicates: The same of users drawn with replacement: worlds that stand for what the log leaves open.
        held_out: See ``held_out.held_out_table``.
        against: See ``held_out.against_table``.
        numbers: Every number with its uncertainty: ``name``, ``value``, ``sd``, ``low``, ``high``.
        notes: What was mended, left out or assumed, and what may be claimed.
    """

    world: FittedParameters
    model: TasteModel
    static: TasteModel
    known: KnownItems
    chosen: Chosen
    replicates: tuple[FittedParameters, ...]
    held_out: pd.DataFrame
    against: pd.DataFrame
    numbers: pd.DataFrame
    notes: tuple[str, ...]


def fit_world(lives: LoggedUsers, fitter: Fitter, bootstrap: int) -> WorldFit:
    """Fit a world to a log.

    Args:
        lives: The log.
        fitter: How; where topics of items are not told, they are groups of items near each other by the static model.
        bootstrap: Fits to users drawn with replacement, by which intervals are made; at least 2, or 0 for none.

    Raises:
        ValueError: If no user has slates enough for some to be held back.
    """
    _check_parts(lives)
    report, seed = fitter.report, fitter.seed
    report(f"{len(lives.user):,} slates of {len(lives.users):,} users, {len(lives.items):,} items")
    static = climb(lives, UNORDERED, fitter, {})
    fitter = _with_topics(fitter, static[STATIC].model)
    mixed = shuffled(lives, seed)
    rungs, controls = _ladders(lives, mixed, fitter, static)
    report("Mechanisms, by what a slate of the validation part loses without:")
    chosen = choose(rungs[ordered(lives)[-1]].model, lives, fitter)
    model = chosen.model
    table = held_out_table(lives, rungs, controls, seed)
    ours = Fitted(model, unseen_likelihood(model, lives, TEST))
    control = rung_of(mixed, model.terms, fitter, controls.values())
    chosen = with_control(chosen, control.model, mixed, fitter)
    against = against_table(lives, (ours, control), rungs, controls, seed)
    world = parameters_of(model, lives, fitter.known, np.ones(len(lives.users)))
    replicates = tuple(replicates_of(bootstrap, model.terms, lives, fitter))
    notes = (*lives.notes, *_assumptions(lives), *_kept(chosen), *claims(table))
    numbers = numbers_table(world, replicates, not_fitted(model, lives.shown is None))
    static_model = rungs[STATIC].model
    return WorldFit(world, model, static_model, fitter.known, chosen, replicates, table, against, numbers, notes)


def _check_parts(lives: LoggedUsers) -> None:
    """Raise ValueError if nothing can be held back."""
    if not (np.isin(TEST, lives.part) and np.isin(VALIDATION, lives.part)):
        raise ValueError(
            f"None of the {len(lives.users):,} users has so many slates that some can be held back to test the fit on; "
            "give a log with users of 4 slates or more."
        )


def _with_topics(fitter: Fitter, static: TasteModel) -> Fitter:
    """The same with topics, where they are not told."""
    if fitter.known.topic is not None:
        return fitter
    topic = near_items(static, fitter.settings.topics, fitter.seed)
    return replace(fitter, known=replace(fitter.known, topic=topic))


def _ladders(
    lives: LoggedUsers, mixed: LoggedUsers, fitter: Fitter, static: dict[str, Fitted]
) -> tuple[dict[str, Fitted], dict[str, Fitted]]:
    """Models that depend on order, of a log and of the same ``mixed``, each beside those of ``static``."""
    names = (*ordered(lives), *(() if fitter.known.texts is None else (TEXTUAL,)))
    rungs = climb(lives, names, fitter, static)
    fitter.report("The same with each session's events shuffled:")
    return rungs, climb(mixed, names, fitter, static)


def replicates_of(count: int, terms: tuple[str, ...], lives: LoggedUsers, fitter: Fitter) -> Iterator[FittedParameters]:
    """Fits of these ``terms`` to users drawn with replacement, each from the start on: no further on than the fit."""
    jobs = [_Replicate(number, terms, lives, fitter.known, fitter.settings, fitter.seed) for number in range(count)]
    return fitter.engine.map(_replicated, jobs, fitter.report)


@dataclass(frozen=True)
class _Replicate:
    """One of the fits of ``replicates_of``, whose words these are."""

    number: int
    terms: tuple[str, ...]
    lives: LoggedUsers
    known: KnownItems
    settings: FitWorldSettings
    seed: int


def _replicated(job: _Replicate, tell: Tell) -> FittedParameters:
    """What comes of one."""
    tell(f"Users drawn with replacement: fit {job.number + 1}")
    many = len(job.lives.users)
    rng = np.random.default_rng([job.seed, job.number])
    weights = np.bincount(rng.integers(many, size=many), minlength=many).astype(np.float64)
    again = fit_tastes(job.lives, job.terms, job.known, job.settings, job.seed + job.number, weights=weights)
    return parameters_of(again, job.lives, job.known, weights)


def _kept(chosen: Chosen) -> list[str]:
    """Which mechanisms the world has, and which it lacks."""
    said = [f"Kept, for the validation part is less likely without: {', '.join(chosen.kept) or 'nothing but quality'}."]
    if chosen.left_out:
        said.append(f"Left out of the world, for no loss without can be told: {', '.join(chosen.left_out)}.")
    return said


def claims(table: pd.DataFrame) -> list[str]:
    """What may be claimed of each model that depends on order: no more than is left with sessions shuffled."""
    said = []
    for row in table[table.model.isin(ORDERED)].to_dict("records"):
        left = f"{row['shuffled_gain']:+.4f} [{row['shuffled_gain_low']:+.4f}, {row['shuffled_gain_high']:+.4f}]"
        if row["survives"]:
            said.append(f"{row['model']}: of {row['gain']:+.4f} a held-out event {left} is left; claim no more.")
        elif row["gain_low"] > 0:
            said.append(f"{row['model']}: {row['gain']:+.4f} by order within sessions alone, {left} without; no claim.")
        elif row["gain_high"] < 0:
            said.append(f"{row['model']}: loses {row['gain']:+.4f}, {left} with sessions shuffled; do without it.")
        else:
            said.append(f"{row['model']}: no gain can be told, {row['gain']:+.4f}, {left} with sessions shuffled.")
    return said


def _assumptions(lives: LoggedUsers) -> list[str]:
    """What the log does not tell."""
    if lives.shown is not None:
        return []
    return [
        "The log does not tell what was shown and passed over: what was opened is compared with all items, and in the "
        f"world a random slate of {ASSUMED_SLATE} is opened with chance {ASSUMED_OPENED:g}. That is an assumption."
    ]
