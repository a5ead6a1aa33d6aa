"""Tuning our own training: every setting that is tried trains once, and those behind the others end early."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.evaluation.bootstrap import paired_interval
from driftrec.agents.evaluation.rollout import roll_out
from driftrec.agents.known import Range
from driftrec.agents.runs.load import load_ppo
from driftrec.agents.runs.train import train
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.settings import TrainSettings
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.settings import updated

if TYPE_CHECKING:
    from optuna import Study
    from optuna import Trial as Asked
    from optuna.samplers import BaseSampler

TRAINING_SPACE: Mapping[str, Range] = MappingProxyType(
    {
        "fit.learning_rate": Range(3e-4, 1e-2, log=True),
        "ppo.learning_rate": Range(3e-4, 3e-2, log=True),
        "ppo.gamma": Range(0.9, 0.999),
        "ppo.entropy": Range(1e-4, 0.05, log=True),
        "ppo.target_kl": Range(0.01, 0.5, log=True),
        "ppo.temper": Range(1.0, 12.0),
    }
)
"""What is searched, of ``TrainSettings``."""

UNTOUCHED = 3
"""Trainings that all go to their end, before any is compared with their median."""

_MEASURED = "engagement/ppo"


@dataclass(frozen=True)
class TrainingTrial:
    """One training.

    Attributes:
        number: From 0, which has the settings as they are.
        parameters: What was tried, by names of ``TRAINING_SPACE``.
        engagement: An episode of the best policy of it, on the validation users; NaN where nothing was measured.
        ended: "done"; "pruned", where it was behind the others; or why it failed.
        folder: Its run folder.
    """

    number: int
    parameters: dict[str, float]
    engagement: float
    ended: str
    folder: Path

    def row(self) -> dict[str, Any]:
        """The trial as a row of a table."""
        return {"trial": self.number, **self.parameters, "engagement": self.engagement, "ended": self.ended}


class PrunedError(Exception):
    """A training is behind the others."""


def searched(base: TrainSettings) -> dict[str, Range]:
    """The part of ``TRAINING_SPACE`` that holds the settings as they are; what is outside of it stays.

    So a world of the next step alone keeps its discount of 0.
    """
    return {name: part for name, part in TRAINING_SPACE.items() if part.low <= _value(base, name) <= part.high}


def with_parameters(base: TrainSettings, parameters: Mapping[str, float]) -> TrainSettings:
    """``base`` with these, by names of ``TRAINING_SPACE``."""
    changes: dict[str, dict[str, float]] = {}
    for name, value in parameters.items():
        group, _, field = name.partition(".")
        changes.setdefault(group, {})[field] = value
    return updated(base, changes, "settings")


def search_trainings(
    setup: Setup,
    base: TrainSettings,
    study: Study,
    propose: Callable[[int], BaseSampler],
    *,
    seed: int,
    trials: int,
    folder: Path,
) -> Iterator[TrainingTrial]:
    """Train with ``trials`` settings: first as they are, then as the study proposes.

    All have one training seed, hence the same users. A training whose measurement is below the median of those before
    it, at the same place, ends there; one that fails, as when it diverges, is told and passed over.

    Args:
        setup: World.
        base: The settings as they are.
        study: Maximises; the trials that it holds already come first and train no more.
        propose: What proposes the setting of a number.
        seed: Training seed.
        trials: Settings, at least 1.
        folder: Holds a run folder each, "trial-000" and so on.

    Raises:
        ValueError: If the settings as they are fail.
    """
    from optuna.pruners import MedianPruner

    study.pruner = MedianPruner(n_startup_trials=UNTOUCHED)
    space, done = searched(base), _done(study, folder)
    yield from done
    for number in range(len(done), trials):
        if not number:
            study.enqueue_trial({name: _value(base, name) for name in space})
        study.sampler = propose(number)
        asked = study.ask()
        for name, part in space.items():
            asked.suggest_float(name, part.low, part.high, log=part.log)
        where = _folder(folder, number)
        if where.exists():  # of a search that was cut short
            shutil.rmtree(where)
        where.mkdir()
        yield _tried(setup, with_parameters(base, asked.params), study, asked, number, seed, where)


def _folder(folder: Path, number: int) -> Path:
    return folder / f"trial-{number:03d}"


_ENDED = "ended"


def _done(study: Study, folder: Path) -> list[TrainingTrial]:
    """The trials that came to an end before."""
    ended = [each for each in study.get_trials(deepcopy=False) if _ENDED in each.user_attrs]
    return [
        TrainingTrial(
            number,
            dict(each.params),
            max(each.intermediate_values.values(), default=float("nan")),
            each.user_attrs[_ENDED],
            _folder(folder, number),
        )
        for number, each in enumerate(ended)
    ]


def _tried(
    setup: Setup, settings: TrainSettings, study: Study, asked: Asked, number: int, seed: int, folder: Path
) -> TrainingTrial:
    """Train, and tell the study what came of it."""
    from optuna.trial import TrialState

    measured: list[float] = []

    def record(steps: int, values: Mapping[str, float]) -> None:
        if _MEASURED in values:
            measured.append(values[_MEASURED])
            asked.report(measured[-1], len(measured) - 1)
            if asked.should_prune():
                raise PrunedError

    ended, state = "done", TrialState.COMPLETE
    try:
        train(setup, settings, seed=seed, folder=folder, record=record)
    except PrunedError:
        ended, state = "pruned", TrialState.PRUNED
    except ValueError as error:
        if not number:
            raise
        ended, state = " ".join(str(error).split()), TrialState.FAIL
    asked.set_user_attr(_ENDED, ended)
    study.tell(asked, max(measured) if state == TrialState.COMPLETE else None, state)
    return TrainingTrial(number, dict(asked.params), max(measured, default=float("nan")), ended, folder)


def validate_trainings(setup: Setup, best: Path, base: Path, *, seed: int, users: int) -> dict[str, Any]:
    """Engagement of the policy in the run folder ``best`` against that in ``base``, on users whom no training met.

    Returns:
        Means "tuned" and "default" of engagement an episode, and "difference" with a 95 % paired interval over users.
        Another training seed may rank them otherwise.
    """
    seeds = user_seeds(seed, "tuning check", users)
    tuned, default = (_engagement(setup, run, seeds) for run in (best, base))
    difference = asdict(paired_interval(tuned[None], default[None], seed=seed))
    means = {"tuned": float(tuned.mean()), "default": float(default.mean())}
    return {"users": users, **means, "difference": difference}


def _engagement(setup: Setup, run: Path, seeds: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Engagement an episode of every user under the policy of a run, (users,)."""
    policy = load_ppo(setup, str(run), greedy=True)
    rollout = roll_out(setup.world, policy, setup.context, seeds, horizon=setup.horizon, seed=0)
    return rollout.episodes.engagement.to_numpy()


def _value(settings: TrainSettings, name: str) -> float:
    """The setting of a name such as "ppo.gamma"."""
    group, _, field = name.partition(".")
    return float(getattr(getattr(settings, group), field))
