"""Tuning a baseline's parameters by simulation: the search itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.evaluation.bootstrap import paired_interval
from driftrec.agents.evaluation.rollout import roll_out
from driftrec.agents.known import KNOWN, Range
from driftrec.agents.policy import Policy
from driftrec.agents.registry import CLASSES, build_with
from driftrec.agents.runs.kept_study import new_study, proposer
from driftrec.agents.runs.tuned import Parameters, check_tunable
from driftrec.agents.setup import Setup
from driftrec.simulators.noise import user_seeds

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution


@dataclass(frozen=True)
class Trial:
    """One setting that was tried.

    Attributes:
        number: From 0, which holds the defaults.
        parameters: The setting.
        engagement: Mean engagement an episode over the users of the search.
    """

    number: int
    parameters: dict[str, float]
    engagement: float

    def row(self) -> dict[str, float]:
        """The trial as a row of a table."""
        return {"trial": self.number, **self.parameters, "engagement": self.engagement}


def defaults(name: str) -> dict[str, float]:
    """The parameters that ``name`` has where none are given; errors as of ``check_tunable``."""
    head = check_tunable(name)
    signature = inspect.signature(CLASSES[head]).parameters
    return {parameter: signature[parameter].default for parameter in KNOWN[head].tunable}


def search(
    setup: Setup, name: str, *, seed: int, trials: int, users: int, study: Study | None = None
) -> Iterator[Trial]:
    """Try ``trials`` settings of a policy: its defaults, then what Optuna's TPE sampler proposes.

    The tree-structured Parzen estimator (Bergstra et al. 2011) draws the first ten at random. All settings meet the
    same users, who are met nowhere else.

    Args:
        setup: World and embeddings.
        name: One of ``TUNABLE``, or mmr:RUN.
        seed: Source of users and proposals.
        trials: Settings, at least 1.
        users: Users a setting meets.
        study: Holds the trials that were finished before, which come first, and takes the new ones; see
            ``driftrec.agents.runs.kept_study``.

    Raises:
        ImportError: If Optuna is not installed.
        ValueError: If ``name`` has nothing to tune.
    """
    study = study or new_study()
    from optuna.trial import create_trial

    space = {key: _distribution(part) for key, part in KNOWN[check_tunable(name)].tunable.items()}
    seeds = user_seeds(seed, "tuning", users)
    finished = _finished(study)
    yield from finished
    for number in range(len(finished), trials):
        study.sampler = proposer(seed, number)
        asked = study.ask(space) if number else None
        parameters = defaults(name) if asked is None else asked.params
        engagement = float(_engagement(setup, build_with(setup, name, parameters), seeds).mean())
        if asked is None:
            study.add_trial(create_trial(params=parameters, distributions=space, value=engagement))
        else:
            study.tell(asked, engagement)
        yield Trial(number, parameters, engagement)


def _finished(study: Study) -> list[Trial]:
    """Trials whose engagement is known, in their order."""
    from optuna.trial import TrialState

    told = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return [Trial(number, dict(each.params), float(each.value or 0.0)) for number, each in enumerate(told)]


def validate(setup: Setup, name: str, parameters: Parameters, *, seed: int, users: int) -> dict[str, Any]:
    """Engagement with ``parameters`` against that with the defaults, on users whom the search did not meet.

    The best of many trials looks better than it is, since noise helped to choose it; this says by how much it is.

    Args:
        setup: World and embeddings.
        name: As of ``search``.
        parameters: Those found.
        seed: Source of users and of the interval.
        users: Users, at least 2.

    Returns:
        Means "tuned" and "default" of engagement an episode, and "difference" with a 95 % paired interval.
    """
    seeds = user_seeds(seed, "tuning check", users)
    tuned, default = (
        _engagement(setup, build_with(setup, name, given), seeds) for given in (parameters, defaults(name))
    )
    difference = paired_interval(tuned[None], default[None], seed=seed)
    means = {"tuned": float(tuned.mean()), "default": float(default.mean())}
    return {"users": users, **means, "difference": asdict(difference)}


def _engagement(setup: Setup, policy: Policy, seeds: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Engagement of every user over an episode, (users,); the policy's own draws are the same for every setting."""
    rollout = roll_out(setup.world, policy, setup.context, seeds, horizon=setup.horizon, seed=0)
    return rollout.episodes.engagement.to_numpy()


def _distribution(searched: Range) -> BaseDistribution:
    """The range in Optuna's terms."""
    from optuna.distributions import FloatDistribution, IntDistribution

    if searched.whole:
        return IntDistribution(int(searched.low), int(searched.high), log=searched.log)
    return FloatDistribution(searched.low, searched.high, log=searched.log)
