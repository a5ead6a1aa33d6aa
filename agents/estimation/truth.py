"""The truth behind estimates of a simulated world: policies serve fresh users, or are tried beside another."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.estimation.estimate import EPISODE, SLATE, estimate
from driftrec.agents.evaluation.play import brought, mean_engagement, play
from driftrec.agents.logbook.log_reader import read_log
from driftrec.agents.logbook.log_writer import LogWriter
from driftrec.agents.policy import Observation, Policy, Slates
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.kits import item_ids
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.world import World

KEY = ["policy", "measure", "weights", "estimator"]


class _Beside:
    """The logging policy, with what others' slates would have brought each time.

    Args:
        world: Where it serves.
        logging: Whose slates are shown.
        policies: Tried beside it.
    """

    def __init__(self, world: World[Any], logging: Policy, policies: Mapping[str, Policy]) -> None:
        self._world, self._logging, self._policies = world, logging, policies
        self._state: Any = None
        self.earned: dict[str, np.ndarray] = {}

    def reset(self, num_users: int, seed: int) -> None:
        """All of them."""
        for policy in (self._logging, *self._policies.values()):
            policy.reset(num_users, seed)

    def see(self, state: Any) -> None:
        """Be told the true state, a copy."""
        self._state = state

    def act(self, observation: Observation) -> Slates:
        """The logging policy's slates."""
        for name, policy in self._policies.items():
            self.earned[name] = brought(self._world, self._state, policy.act(observation))
        return self._logging.act(observation)

    def update(
        self, observation: Observation, slates: Slates, clicks: NDArray[np.bool_], engagement: NDArray[np.floating]
    ) -> None:
        """Tell all of them that learn what came of the logging policy's slates."""
        every: tuple[Any, ...] = (self._logging, *self._policies.values())
        for policy in every:
            if hasattr(policy, "update"):
                policy.update(observation, slates, clicks, engagement)


def true_slates(
    setup: Setup, logging: Policy, policies: Mapping[str, Policy], *, steps: int, users: int, seed: int
) -> dict[str, float]:
    """Mean engagement a slate of every policy, with ``users`` fresh users as ``logging`` leaves them.

    What learns is told what they did with the slates of ``logging``.
    """
    beside = _Beside(setup.world, logging, policies)
    seeds = user_seeds(seed, "truth", users)
    total, number = dict.fromkeys(policies, 0.0), 0
    for step in play(setup.world, beside, seeds, horizon=steps, seed=seed)[1]:
        number += step.present.size
        for name in policies:
            total[name] += float(beside.earned[name][step.present].sum())
    return {name: earned / number for name, earned in total.items()}


def true_episodes(
    setup: Setup, policies: Mapping[str, Policy], *, steps: int, users: int, seed: int
) -> dict[str, float]:
    """Mean engagement of ``users`` fresh users' first ``steps`` slates under every policy."""
    seeds = user_seeds(seed, "truth", users)
    return {name: mean_engagement(setup.world, policy, seeds, steps) for name, policy in policies.items()}


def with_truth(table: pd.DataFrame, slates: Mapping[str, float] | None, episodes: Mapping[str, float]) -> pd.DataFrame:
    """The table of ``estimate`` with columns ``truth`` and ``covered``, NA where there is no interval or no truth."""
    known = {SLATE: slates or {}, EPISODE: episodes}
    pairs = zip(table["measure"], table["policy"], strict=True)
    truth = [known[str(measure)].get(str(policy), np.nan) for measure, policy in pairs]
    held = (table["low"] <= truth) & (table["high"] >= np.asarray(truth))
    return table.assign(truth=truth, covered=held.astype("boolean").mask(table["low"].isna() | np.isnan(truth)))


def coverage(
    setup: Setup,
    logging: Policy,
    policies: Mapping[str, Policy],
    *,
    logs: int,
    users: int,
    length: int,
    steps: int,
    seed: int,
    truth_users: int,
    tick: Callable[[], None] = lambda: None,
) -> pd.DataFrame:
    """How often intervals hold the truth, over logs that are written, read and estimated from one after another.

    Args:
        setup: The world.
        logging: Serves; ``Stochastic``.
        policies: To be estimated, by name.
        logs: How many.
        users: Of each log, fresh ones.
        length: Slates of a user in a log, at most.
        steps: Slates of an episode.
        seed: Source of all.
        truth_users: Fresh users that the truth is simulated with.
        tick: Called after every log.

    Returns:
        One row a policy, measure, weights and estimator: ``given`` (logs with an estimate), ``covered`` (share of those
        whose interval holds the truth), ``estimate`` (mean), ``spread`` (standard deviation), ``ess``, ``truth``.
    """
    slates = true_slates(setup, logging, policies, steps=length, users=truth_users, seed=seed)
    episodes = true_episodes(setup, policies, steps=steps, users=truth_users, seed=seed)
    parts = []
    for number in range(logs):
        table = _of_one_log(setup, logging, policies, users=users, length=length, steps=steps, seed=seed + 1 + number)
        parts.append(with_truth(table, slates, episodes))
        tick()
    every = pd.concat(parts, ignore_index=True)
    every = every[every["refused"] == ""]
    found = every.groupby(KEY, sort=False).agg(
        given=("estimate", "size"),
        covered=("covered", "mean"),
        estimate=("estimate", "mean"),
        spread=("estimate", "std"),
        ess=("ess", "mean"),
        truth=("truth", "first"),
    )
    return found.reset_index()


def _of_one_log(
    setup: Setup, logging: Policy, policies: Mapping[str, Policy], *, users: int, length: int, steps: int, seed: int
) -> pd.DataFrame:
    """Estimates from a log of fresh users."""
    seeds = user_seeds(seed, "log", users)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.parquet"
        with LogWriter(file) as log:
            tap = log.tap(setup.world, seeds, logging, name="logging")
            for step in play(setup.world, logging, seeds, horizon=length, seed=seed)[1]:
                tap(step)
        read = read_log(file, items=item_ids(setup))
    return estimate(setup, read, policies, steps=steps, seed=seed).table
