"""What PPO starts from: a ranker fitted to logged slates, and what items do to the engagement to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines import Random
from driftrec.agents.evaluation.curve import Curve
from driftrec.agents.policy import Policy
from driftrec.agents.ranker.fitting import FitSettings, Report, fit
from driftrec.agents.ranker.future import FutureSettings, weigh
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.logs import collect
from driftrec.agents.ranker.protocol import Logs, joined
from driftrec.agents.setup import Setup
from driftrec.envs.vector import RecommendationVectorEnv


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


def warm_start(
    setup: Setup,
    judge: Judge,
    rounds: Sequence[Round],
    fitting: FitSettings,
    future: FutureSettings,
    *,
    seed: int,
    report: Report,
    curve: Curve,
) -> None:
    """Fit the judge's ranker to random slates, then to its own with noise too; learn the engagement to come.

    A farsighted policy keeps users for long and meets states that a myopic one never sees; the last logs hold them.

    Args:
        setup: World.
        judge: Farsighted; its ranker is fitted.
        rounds: Of logging and fitting, the first of random slates.
        fitting: How the ranker is fitted.
        future: How the engagement to come is learned.
        seed: Source of all randomness beside the rounds'.
        report: Called with lines of progress.
        curve: Measures what has been reached after every stage.
    """
    envs, greedy = setup.envs(fitting.lanes), Greedy(judge, setup.slate_size)
    policy: Policy = Random(setup.context)
    curve.env_steps += _pilot(envs, policy, judge, seed)
    logs: list[Logs] = []
    to_come: NDArray[np.float32] | None = None
    stage = "myopic"
    for each in rounds:
        report(f"{'Own' if logs else 'Random'} slates to {fitting.lanes:,} lanes, {fitting.log_steps} steps each")
        logs.append(collect(envs, policy, judge, fitting.log_steps, each.seed))
        curve.env_steps += fitting.lanes * fitting.log_steps
        rows = joined([part.rows() for part in logs])
        fit(judge.ranker, rows, fitting, epochs=each.epochs, seed=each.seed, report=report)
        policy = Greedy(judge, setup.slate_size, fitting.noise)
        if not each.farsighted:
            continue
        if any(future.weights):
            if to_come is None:
                curve.measure(stage, greedy)
                stage = "farsighted"
                to_come, steps = setup.kit.future(setup, judge, logs[0], future, seed=seed, report=report)
                curve.env_steps += steps
            curve.env_steps += weigh(setup, judge, to_come, seed=seed, settings=future, report=report)
        curve.measure(stage, greedy)
        stage = "refitted"


def _pilot(envs: RecommendationVectorEnv, policy: Policy, judge: Judge, seed: int) -> int:
    """Show the ranker the random slates that it wants to see first; environment steps taken."""
    steps = judge.ranker.pilot_steps
    if steps:
        judge.ranker.pilot(collect(envs, policy, judge, steps, seed).rows())
    return steps * envs.num_envs
