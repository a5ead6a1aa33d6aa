"""Fits that do not need one another, wherever they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.engines.engine import Engine, Local, Tell
from driftrec.agents.fitting_worlds.lives import TEST, LoggedUsers
from driftrec.agents.fitting_worlds.taste_fit import FitWorldSettings, fit_tastes, unseen_likelihood
from driftrec.agents.fitting_worlds.taste_model import KnownItems, TasteModel

Report = Callable[[str], None]
"""Called with lines of progress."""


@dataclass(frozen=True)
class Fitted:
    """What came of a fit.

    Attributes:
        model: As fitted.
        likelihood: Log-likelihood of a part of the log, a user's events added up, (users,).
    """

    model: TasteModel
    likelihood: NDArray[np.float64]


@dataclass(frozen=True)
class Fitter:
    """How models of a log are fitted.

    Attributes:
        known: What is told of the items.
        settings: How long, how large.
        seed: Source of randomness.
        report: Called with lines of progress.
        engine: Where fits run that do not need one another.
    """

    known: KnownItems
    settings: FitWorldSettings
    seed: int
    report: Report = print
    engine: Engine = field(default_factory=Local)

    def halved(self) -> Fitter:
        """By half the passes, for fits that go on from another."""
        return replace(self, settings=self.settings.halved())

    def fit(self, lives: LoggedUsers, terms: tuple[str, ...]) -> TasteModel:
        """The model of these terms."""
        return next(self.fits(lives, [terms])).model

    def fits(
        self, lives: LoggedUsers, several: Iterable[tuple[str, ...]], part: int = TEST, start: TasteModel | None = None
    ) -> Iterator[Fitted]:
        """A model for each of ``several`` terms, with what it says of a part of the log.

        Args:
            lives: The log.
            several: Terms of utility, a tuple a model.
            part: Whose likelihood is told.
            start: A model to go on from; from the start when omitted.
        """
        jobs = [_Fit(lives, terms, self.known, self.settings, self.seed, part, start) for terms in several]
        return self.engine.map(_fitted, jobs, self.report)


@dataclass(frozen=True)
class _Fit:
    """One of the fits that ``Fitter.fits`` asks for, whose words these are."""

    lives: LoggedUsers
    terms: tuple[str, ...]
    known: KnownItems
    settings: FitWorldSettings
    seed: int
    part: int
    start: TasteModel | None


def _fitted(job: _Fit, tell: Tell) -> Fitted:
    """What comes of one."""
    model = fit_tastes(job.lives, job.terms, job.known, job.settings, job.seed, job.start)
    return Fitted(model, unseen_likelihood(model, job.lives, job.part))
