"""How real a fitted world is: lives of the log, relived in it, in a static one and in one of default numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.engines.engine import Engine, Tell
from driftrec.agents.fitting_worlds.fit_world import WorldFit
from driftrec.agents.fitting_worlds.fitter import Report
from driftrec.agents.fitting_worlds.lives import NOTHING, TRAIN, LoggedUsers, some_of
from driftrec.agents.fitting_worlds.taste_model import KnownItems, TasteModel
from driftrec.agents.fitting_worlds.world_parts import parameters_of
from driftrec.agents.realism.aspects import LAGS, Lived, aspects, with_sessions
from driftrec.agents.realism.distances import Difference, distances_of
from driftrec.agents.realism.relive import relived_apart
from driftrec.agents.realism.telling_apart import ToldApart, told_apart
from driftrec.agents.realism.visits_table import Scale, scale_of
from driftrec.simulators.fitted.example import TASTES, VISITS, made_up
from driftrec.simulators.fitted.parameters import FittedParameters
from driftrec.simulators.vectors import Double, Float

MOST_USERS = 2000
"""Users that live again; of more, so many are drawn."""

FOLDS, FEWEST = 3, 30
"""Groups of users, of logs of so many users or more."""

FITTED, STATIC, DEFAULT = "fitted", "static", "default numbers"
"""Worlds that are held against the log."""


@dataclass(frozen=True)
class Realism:
    """What came of it.

    Attributes:
        users: How many lived again.
        of_users: How many the log has.
        replayed: Whether they were shown what the log's users were shown.
        apart: Whether they lived by visits and engagement that were fitted to others.
        differences: Of the fitted world, aspect by aspect.
        similarity: One row a lag: ``lag``; ``real``, ``simulated``, mean cosine of sessions so far apart; ``real_null``
            and ``simulated_null``, of sessions of one user in random order; ``real_ceiling`` and
            ``simulated_ceiling``, of two halves of one session.
        told_apart: Classifiers by world: the fitted one, that of static factors, one of default numbers.
        against: The log-likelihood that the world gains on baselines, see ``held_out.against_table``.
        mechanisms: See ``mechanisms.Chosen``.
        notes: Of the fit.
    """

    users: int
    of_users: int
    replayed: bool
    apart: bool
    differences: list[Difference]
    similarity: pd.DataFrame
    told_apart: Mapping[str, ToldApart]
    against: pd.DataFrame
    mechanisms: pd.DataFrame
    notes: tuple[str, ...]


def judge_realism(lives: LoggedUsers, fit: WorldFit, seed: int, report: Report, engine: Engine) -> Realism:
    """Let the log's users live again in the fitted world, and measure what differs.

    Sessions are compared by the items' texts where the fit knew them, else by the vectors of the static model, which
    owes nothing to drift.

    Args:
        lives: What was fitted to, in the order in which it was fitted.
        fit: What came of it.
        seed: Source of randomness.
        report: Called with lines of progress.
        engine: Where worlds are lived in that do not need one another.
    """
    many = len(lives.users)
    users = np.arange(many)
    if many > MOST_USERS:
        users = np.sort(np.random.default_rng(seed).choice(many, MOST_USERS, replace=False))
    some = some_of(lives, users)
    places = fit.static.vectors().detach().numpy() if fit.known.texts is None else fit.known.texts
    scale = scale_of(some, places, fit.world.topic)
    real = with_sessions(some, scale)
    whose = groups_of(lives, seed)
    worlds = worlds_by_name(lives, fit, whose, seed, engine)
    jobs = [_Lives(name, real, scale, *there, whose[users], users, seed) for name, there in worlds.items()]
    again = dict(zip(worlds, engine.map(_lived_again, jobs, report), strict=True))
    simulated = again[FITTED][0]
    return Realism(
        len(users),
        many,
        lives.shown is not None,
        bool(whose.any()),
        distances_of(aspects(real, simulated, scale), seed),
        _similarity(real, simulated, seed),
        {name: apart for name, (_, apart) in again.items()},
        fit.against,
        fit.chosen.table,
        fit.notes,
    )


@dataclass(frozen=True)
class _Lives:
    """Lives of the log that are to be lived again.

    Attributes:
        name: Of the world.
        real: The lives.
        scale: By which sessions are told.
        worlds: One for each group of users.
        own: Own interests of all the log's users in it.
        whose: Group of each of those that live again.
        users: These, among all of the log.
        seed: Source of randomness.
    """

    name: str
    real: Lived
    scale: Scale
    worlds: list[FittedParameters]
    own: Float
    whose: NDArray[np.int64]
    users: NDArray[np.int64]
    seed: int


def _lived_again(job: _Lives, tell: Tell) -> tuple[Lived, ToldApart]:
    """The lives in that world, and how far they can be told from the real ones."""
    tell(f"The log's users live again: {job.name}")
    lives = relived_apart(job.real.lives, job.worlds, job.whose, job.own[job.users], job.seed)
    again = with_sessions(lives, job.scale)
    return again, told_apart(job.real.sessions, again.sessions, job.seed)


def groups_of(lives: LoggedUsers, seed: int) -> NDArray[np.int64]:
    """Groups of users, (users,), each to live by what is fitted to the others.

    One group where users are few, or where those beside some group have opened too little to fit anything to.

    Args:
        lives: The log.
        seed: Source of the draw.
    """
    many = len(lives.users)
    whose = np.random.default_rng(seed).permutation(many) % (FOLDS if many >= FEWEST else 1)
    told = (lives.opened != NOTHING) & (lives.part == TRAIN)
    openings = np.bincount(whose[lives.user[told]], minlength=FOLDS)
    return whose if (openings.sum() - openings >= FEWEST).all() else np.zeros(many, np.int64)


def worlds_by_name(
    lives: LoggedUsers, fit: WorldFit, whose: NDArray[np.int64], seed: int, engine: Engine
) -> dict[str, tuple[list[FittedParameters], Float]]:
    """The worlds by name, one for each group of users; with own interests of the log's users in each.

    What users engage and how they visit is fitted to the others; tastes are those of the fit, which knows the first
    part of everybody's life.
    """
    groups = range(int(whose.max()) + 1)
    others = [(whose != group if len(groups) > 1 else whose == group).astype(np.float64) for group in groups]
    jobs = [(model, lives, fit.known, weights) for model in (fit.model, fit.static) for weights in others]
    found = list(engine.map(_parameters, jobs, lambda line: None))
    fitted, static = found[: len(others)], found[len(others) :]
    made = made_up(len(lives.items), fit.world.vectors.shape[1], len(lives.users), seed=seed)
    usual = [replace(VISITS, usual=each.visits.usual) for each in fitted]
    default = [
        replace(each, tastes=TASTES, visits=visits, quality=made.quality, people=made.people)
        for each, visits in zip(fitted, usual, strict=True)
    ]
    return {
        FITTED: (fitted, fit.model.own_means()),
        STATIC: (static, fit.static.own_means()),
        DEFAULT: (default, made.people),
    }


def _parameters(job: tuple[TasteModel, LoggedUsers, KnownItems, Double], tell: Tell) -> FittedParameters:
    """Those of ``parameters_of``."""
    return parameters_of(*job)


def _similarity(real: Lived, simulated: Lived, seed: int) -> pd.DataFrame:
    """Similarity between sessions by lag, with its floor and its ceiling, see ``Realism``."""
    table = pd.DataFrame({"lag": np.arange(1, LAGS + 1)})
    for name, told in (("real", real), ("simulated", simulated)):
        sessions = told.sessions
        order = np.lexsort((np.random.default_rng(seed).random(len(sessions.user)), sessions.user))
        lags = range(1, LAGS + 1)
        table[name] = [_mean(sessions.near(lag)[0]) for lag in lags]
        table[f"{name}_null"] = [_mean(sessions.near(lag, order)[0]) for lag in lags]
        table[f"{name}_ceiling"] = _mean(sessions.halves)
    return table


def _mean(values: NDArray[np.float64]) -> float:
    """Of what is there; NaN of nothing."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
