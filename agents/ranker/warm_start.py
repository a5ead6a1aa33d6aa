"""What PPO starts from: a ranker fitted to logged slates, and what items do to the engagement to come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines import Random
from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.policy import Policy
from driftrec.agents.ranker.fitting import FitSettings, Report, fit
from driftrec.agents.ranker.future import FutureSettings, weigh
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.logs import collect
from driftrec.agents.ranker.protocol import Logs
from driftrec.agents.setup import Setup
from driftrec.agents.snapshots.snapshots import NOTHING_KEPT, Snapshots


@dataclass(frozen=True)
class Round:
    """One round of logging and fitting to all logs so far.

    Attributes:
        seed: Source of its users, draws, and the order of gradients.
        epochs: Passes over the logs.
        farsighted: Weigh the engagement to come after it, so that the next round's slates count it.
    """

    seed: int
    epochs: int
    farsighted: bool


class Estimate(Protocol):
    """Learns what opening an item does to the engagement after it, see ``driftrec.agents.worlds.kit.Kit.future``."""

    def __call__(
        self, setup: Setup, judge: Judge, logs: Logs, settings: FutureSettings, *, seed: int, report: Report
    ) -> tuple[NDArray[np.float32], int]:
        """That, for ``Ranker.future``, and environment steps taken."""
        ...


First = Callable[[Judge], Logs]
"""Gives logs that a ranker is fitted to first, leading axes (steps, lanes), in place of random slates."""


class WarmStart(Protocol):
    """What is to be settled of a warm start: a world's ``TrainSettings``."""

    @property
    def fit(self) -> FitSettings:
        """How the ranker is fitted."""
        ...

    @property
    def future(self) -> FutureSettings:
        """How the engagement to come is learned."""
        ...

    def rounds(self, seed: int) -> Sequence[Round]:
        """Rounds of logging and fitting, the first of random slates."""
        ...


def warm_start(
    setup: Setup,
    estimate: Estimate,
    judge: Judge,
    settings: WarmStart,
    *,
    seed: int,
    report: Report,
    curve: Curve,
    snapshots: Snapshots = NOTHING_KEPT,
    first: First | None = None,
) -> None:
    """Fit the judge's ranker to random slates, then to its own with noise too; learn the engagement to come.

    A farsighted policy keeps users for long and meets states that a myopic one never sees; the last logs hold them.

    Args:
        setup: World.
        estimate: Learns the engagement to come.
        judge: Farsighted; its ranker is fitted.
        settings: How.
        seed: Source of all randomness.
        report: Called with lines of progress.
        curve: Measures what has been reached after every stage.
        snapshots: Keep what is fitted and weighed.
        first: Logs in place of random slates.
    """
    future, greedy = settings.future, Greedy(judge, setup.slate_size)
    to_come: NDArray[np.float32] | None = None
    stage = "myopic"
    rounds = settings.rounds(seed)
    told: Any = {"seed": seed, "report": report, "snapshots": snapshots, "first": first}
    fitted = fit_rounds(setup, judge, settings.fit, rounds, **told)
    for number, (each, logs, steps) in enumerate(fitted, start=1):
        curve.env_steps += steps
        if not each.farsighted:
            continue
        if any(future.weights):
            if to_come is None:
                curve.measure(stage, greedy)
                stage = "farsighted"
                random = partial(estimate, setup, judge, logs[0], future, seed=seed, report=report)
                to_come, steps = snapshots.stage("future", judge.ranker, random)
                curve.env_steps += steps
            weighing = partial(weigh, setup, judge, to_come, seed=seed, settings=future, report=report)
            curve.env_steps += snapshots.stage(f"weight-{number}", judge.ranker, weighing)
        curve.measure(stage, greedy)
        stage = "refitted"


def fit_rounds(
    setup: Setup,
    judge: Judge,
    settings: FitSettings,
    rounds: Sequence[Round],
    *,
    seed: int,
    report: Report,
    snapshots: Snapshots = NOTHING_KEPT,
    first: First | None = None,
) -> Iterator[tuple[Round, list[Logs], int]]:
    """Log and fit, round by round; random slates first, or a log's, then the judge's own with noise.

    Own slates are those by which it judges by then.

    Of a round that is kept the fitted weights are, not its logs, which are large: its slates are shown again.

    Yields:
        The round that is over, all logs so far, and environment steps taken since the last.
    """
    envs, steps = setup.envs(settings.lanes), settings.lanes * judge.ranker.pilot_steps
    policy: Policy = Random(setup.context)
    if judge.ranker.pilot_steps:
        judge.ranker.pilot(collect(envs, policy, judge, judge.ranker.pilot_steps, seed).rows())
    logs: list[Logs] = []
    for each in rounds:
        if first is not None and not logs:
            logs.append(first(judge))
            report(f"The log's slates, {logs[0].over.numel():,}, in place of random ones")
            steps -= settings.lanes * settings.log_steps  # nobody was served
        else:
            whose = "Own" if logs else "Random"
            report(f"{whose} slates to {settings.lanes:,} lanes, {settings.log_steps} steps each")
            logs.append(collect(envs, policy, judge, settings.log_steps, each.seed))
        fitting = partial(fit, judge.ranker, logs, settings, epochs=each.epochs, seed=each.seed, report=report)
        snapshots.stage(f"fit-{len(logs)}", judge.ranker, fitting)
        policy = Greedy(judge, setup.slate_size, settings.noise)
        yield each, logs, steps + settings.lanes * settings.log_steps
        steps = 0
