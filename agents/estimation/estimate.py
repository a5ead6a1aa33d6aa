"""Estimates of what policies would have earned, from a log: walked through once, all policies beside each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.baselines.epsilon import sure
from driftrec.agents.estimation.estimators import (
    KINDS,
    Brought,
    Chances,
    Sums,
    before,
    effective,
    mean_weight,
    of_episodes,
    of_slates,
    weights,
)
from driftrec.agents.estimation.intervals import intervals
from driftrec.agents.estimation.logging_policy import logged_chances
from driftrec.agents.estimation.reward_model import Features, RewardModel
from driftrec.agents.logbook.log_reader import Log
from driftrec.agents.logbook.logged_lives import Double, LoggedLives, lives_of
from driftrec.agents.policy import Marginal, Observation, Policy, Slates, Stochastic
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.kits import item_ids
from driftrec.agents.worlds.observing import observed
from driftrec.simulators.offers import items_of

FEWEST = 50
"""Effective sample size below which nothing is estimated: then a handful of slates, or users, would say it all."""

SUPPORTED = 0.9
"""Mean weight that its interval must reach. What it lacks of 1 is shown by the policy, and never in the log."""

SLATE, EPISODE = "slate", "episode"


@dataclass(frozen=True)
class Estimates:
    """What came out.

    Attributes:
        table: One row a policy, measure ("slate" or "episode"), kind of weights and estimator: ``estimate``, ``low``,
            ``high`` in the world's unit, ``ess`` (effective sample size: of slates, or of users), ``of`` (how many
            there are) and ``refused``, why there is no estimate, "" where there is one.
        notes: What is to be known, in sentences: what was done to the log, and where propensities are from.
    """

    table: pd.DataFrame
    notes: tuple[str, ...]


class _Target:
    """What is gathered of one policy on the walk."""

    def __init__(self, policy: Policy, lives: LoggedLives, seed: int, width: int) -> None:
        self.policy: Stochastic = sure(policy)
        self.policy.reset(len(lives), seed)
        self._there = lives.there
        self.picks = np.ones(lives.shape)
        self.places = np.ones(lives.shape) if isinstance(self.policy, Marginal) else None
        self.drawn = np.zeros((*lives.shape[:2], width), np.float32)

    def see(self, step: int, observation: Observation, slates: Slates, features: Features) -> None:
        """Its chances of what was shown at one step, and the numbers of what it would have shown."""
        there = self._there[:, step]
        own = items_of(observation, self.policy.act(observation))  # once a step, as when it serves
        self.drawn[:, step] = features.of(own).sum(axis=1)
        self.picks[there, step] = self.policy.propensity(observation, slates)[there]
        if self.places is not None and isinstance(self.policy, Marginal):
            self.places[there, step] = self.policy.marginal(observation, slates)[there]

    def chances(self) -> Chances:
        """Its chances; those of places only where it can say them of all."""
        unsure = self.places is None or bool(np.isnan(self.places).any())
        return Chances(self.picks, None if unsure else self.places)


def estimate(
    setup: Setup,
    log: Log,
    policies: Mapping[str, Policy],
    *,
    steps: int,
    seed: int,
    tick: Callable[[], None] = lambda: None,
) -> Estimates:
    """Estimate the engagement a slate and an episode of policies that did not serve.

    A slate's is that with users as the logging policy left them; an episode's that of a user's first ``steps`` slates,
    all shown by the policy.

    Args:
        setup: The world that the log is of.
        log: Of one policy, see ``Log.only``.
        policies: By name; those that are not ``Stochastic`` count as ``Sure``.
        steps: Slates of an episode, at least 1; weights multiply over them, so few can be estimated.
        seed: Source of the policies' draws and of the resampling.
        tick: Called after every step.

    Raises:
        ValueError: If ``steps`` is out of range, a policy learns while it serves or draws without chances, or the log
            does not fit the world.
    """
    walked = lives_of(log, item_ids(setup))
    if not 1 <= steps <= walked.shape[1]:
        raise ValueError(f"--steps is {steps}; {log.file} has users of up to {walked.shape[1]} slates: 1 to that.")
    logged, fitted = logged_chances(walked, setup.context)
    features = Features(walked, setup.context)
    width = features.shown.shape[-1]
    targets = {name: _Target(policy, walked, seed, width) for name, policy in policies.items()}
    for step, observation, slates in observed(setup, walked):
        for target in targets.values():
            target.see(step, observation, slates, features)
        features.go_on(step)
        tick()
    model = RewardModel(features, walked)
    shown = model(features.shown) * walked.there[..., None]
    rows: list[dict[str, object]] = []
    for name, target in targets.items():
        outcome = Brought(walked.there, walked.engagement, shown, model(target.drawn) * walked.there)
        rows += [{"policy": name, **row} for row in _rows(target.chances(), logged, outcome, steps, seed)]
    return Estimates(pd.DataFrame(rows), (*walked.notes, *_about(walked, fitted)))


def _about(walked: LoggedLives, fitted: bool) -> Iterator[str]:
    """Where observations and propensities are from."""
    users, slates = len(walked), int(walked.there.sum())
    yield f"{slates:,} slates of {users:,} users; intervals are over users"
    if fitted:
        yield (
            "propensities: the log has none; those of a logging policy that was fitted to it (items by position and "
            "last topic opened). Estimates are as wrong as that is"
        )
    else:
        yield "propensities: those in the log"
    if walked.seeds is None:
        yield "what was observed: rebuilt from the log; every user has the first persona"


def _rows(target: Chances, logged: Chances, outcome: Brought, steps: int, seed: int) -> Iterator[dict[str, object]]:
    """The table's rows of one policy."""
    first = Brought(*(array[:, :steps] for array in vars(outcome).values()))
    cut = [
        replace(each, picks=each.picks[:, :steps], places=None if each.places is None else each.places[:, :steps])
        for each in (target, logged)
    ]
    earlier = before(*cut)
    everybody = np.ones(first.there.shape, np.bool_)  # users who left keep the weight of what they were shown
    for kind in KINDS:
        weight = weights(kind, target, logged)
        start = weights(kind, *cut)
        if weight is None or start is None:
            why = "the chance of an item at a position, whatever stands elsewhere, is not known of both policies"
            yield from (_refused(measure, kind, np.nan, 0, why) for measure in (SLATE, EPISODE))
            continue
        yield from _measured(SLATE, weight, outcome.there, list(of_slates(kind, weight, outcome)), seed)
        whole = earlier[..., None] * start
        yield from _measured(EPISODE, whole, everybody, list(of_episodes(kind, start, earlier, first)), seed)


def _measured(
    measure: str, weight: Double, there: NDArray[np.bool_], sums: list[Sums], seed: int
) -> Iterator[dict[str, object]]:
    """Rows of one kind of weights, or one row that says why there is none."""
    if measure == SLATE:
        ess, number = effective(weight, there), int(there.sum())
    else:
        ess, number = min(effective(weight[:, [t]], there[:, [t]]) for t in range(weight.shape[1])), len(weight)
    if ess < FEWEST:
        what = "slates" if measure == SLATE else "users"
        why = f"too little overlap: {number:,} {what} count as {ess:.1f}, fewer than {FEWEST}"
        yield _refused(measure, sums[0].kind, ess, number, why)
        return
    *estimates, mean = intervals([*sums, mean_weight(sums[0].kind, weight, there)], seed)
    if mean.high < SUPPORTED:
        why = f"too little overlap: of what the policy shows the log has {mean.mean:.0%}, as its mean weight says"
        yield _refused(measure, sums[0].kind, ess, number, why)
        return
    for one, found in zip(sums, estimates, strict=True):
        numbers = {"estimate": found.mean, "low": found.low, "high": found.high, "ess": ess, "of": number}
        yield {"measure": measure, "weights": one.kind, "estimator": one.estimator, **numbers, "refused": ""}


def _refused(measure: str, kind: str, ess: float, number: int, why: str) -> dict[str, object]:
    nothing = {"estimate": np.nan, "low": np.nan, "high": np.nan}
    return {"measure": measure, "weights": kind, "estimator": "", **nothing, "ess": ess, "of": number, "refused": why}
