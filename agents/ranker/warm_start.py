"""What PPO starts from: a ranker of clicks and minutes, and what items do to the minutes to come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from driftrec.agents.evaluation.curve import Curve
from driftrec.agents.ranker.fitting import MyopicSettings, fit, fit_myopic
from driftrec.agents.ranker.future import FutureSettings, fit_future, weigh_future
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.item_tables import Representation
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.logs import collect, joined
from driftrec.agents.ranker.text_ranker import Ranker
from driftrec.agents.setup import WorldSetup


def warm_start(
    setup: WorldSetup,
    representation: Representation,
    myopic: MyopicSettings,
    future: FutureSettings,
    *,
    refits: int,
    seed: int,
    report: Callable[[str], None],
    curve: Curve,
) -> Ranker:
    """Fit the myopic ranker, learn the minutes to come; then log with both and fit the ranker again, ``refits`` times.

    A farsighted policy keeps users for long and meets states that a myopic one never sees; the last logs hold them.

    Args:
        setup: World and embeddings.
        representation: "text", "ids" or "random".
        myopic: How the ranker is fitted.
        future: How the minutes to come are learned.
        refits: Rounds of logging with the farsighted policy and fitting to all logs.
        seed: Source of all randomness.
        report: Called with lines of progress.
        curve: Measures what has been reached after every stage.
    """
    context, envs = setup.context, setup.envs(myopic.lanes)
    gathering = replace(myopic, epochs=1)  # good enough to log with
    ranker, logs = fit_myopic(
        context, envs, seed=seed, representation=representation, settings=gathering, report=report
    )
    logged = myopic.lanes * myopic.log_steps
    curve.env_steps += logged * myopic.rounds
    curve.measure("myopic", Greedy(Judge(ranker, farsighted=False)))
    report(f"Random slates to {future.lanes:,} lanes, {future.log_steps:,} steps each: what follows an item")
    columns = None if ranker.items.learned else ranker.items().numpy()
    to_come = fit_future(context, setup.envs(future.lanes), columns, seed=seed, settings=future)
    weigh_future(setup, ranker, to_come, seed=seed, settings=future, report=report)
    weighing = future.users * setup.horizon * len(future.weights)
    curve.env_steps += future.lanes * future.log_steps + weighing
    curve.measure("farsighted", Greedy(Judge(ranker, farsighted=True)))
    for round_seed in np.random.SeedSequence([seed, refits]).generate_state(refits).tolist():
        report(f"Farsighted slates to {myopic.lanes:,} lanes, {myopic.log_steps} steps each")
        logs.append(collect(envs, Greedy(Judge(ranker, farsighted=True), myopic.noise), myopic.log_steps, round_seed))
        fit(ranker, joined(logs), myopic, epochs=myopic.epochs, seed=round_seed, report=report)
        weigh_future(setup, ranker, to_come, seed=seed, settings=future, report=report)
        curve.env_steps += logged + weighing
        curve.measure("refitted", Greedy(Judge(ranker, farsighted=True)))
    return ranker
