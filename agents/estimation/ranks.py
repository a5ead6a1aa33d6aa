"""Do policies rank alike by estimates from a log, by a world fitted to that log, and in the world that wrote it?

python -m driftrec.agents.estimation.ranks WORLD [SLATES USERS SEED]
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from driftrec.agents.baselines import Random
from driftrec.agents.estimation.estimate import SLATE, estimate
from driftrec.agents.logbook.log_reader import Log, read_log
from driftrec.agents.logbook.logged_lives import LoggedLives, lives_of
from driftrec.agents.policy import Observation, Policy, Slates
from driftrec.agents.realism.twin import USUAL, made_twin, offers_of, ranked, say, weighed
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.kits import item_ids
from driftrec.simulators.fitted.parameters import FittedParameters

KIND, ESTIMATOR = "independent", "snips"
"""Weights of single positions, for random slates hold no whole slate of a policy's twice."""


class Walked:
    """A policy that remembers what it is told, walked along a log: it is told what users were shown there, and did.

    Its chances are 1 of what it would have shown and 0 of all else, given what the log's user had seen by then.

    Args:
        policy: Learns while it serves. One that draws counts by its draw, which is right on average.
        lives: The log.
    """

    def __init__(self, policy: Policy, lives: LoggedLives) -> None:
        self._policy, self._lives = policy, lives

    def reset(self, num_users: int, seed: int) -> None:
        """To the log's beginning."""
        self._policy.reset(num_users, seed)
        self._step, self._own = 0, np.empty((0, 0), np.int64)
        self._last: tuple[Observation, Slates] | None = None

    def act(self, observation: Observation) -> Slates:
        """What it would show next, having been told of the slate before."""
        if self._last is not None:
            self._tell(*self._last)
        self._own = self._policy.act(observation)
        return self._own

    def propensity(self, observation: Observation, slates: Slates) -> NDArray[np.float64]:
        """1 down to where the slates differ, (users, slate_size)."""
        return np.minimum.accumulate(self.marginal(observation, slates), axis=1)

    def marginal(self, observation: Observation, slates: Slates) -> NDArray[np.float64]:
        """1 where the slates are the same, (users, slate_size)."""
        self._last = observation, slates
        return (self._own == slates).astype(np.float64)

    def _tell(self, observation: Observation, slates: Slates) -> None:
        """What came of the log's slates at this step."""
        step: Any = self._policy
        there, clicks = self._lives.there[:, self._step], self._lives.clicks[:, self._step]
        seen = np.where(there[:, None], slates, -1)
        step.update(observation, seen, clicks, self._lives.engagement[:, self._step])
        self._step += 1


def estimated(setup: Setup, file: Path, twin: FittedParameters, seed: int) -> pd.DataFrame:
    """Engagement a slate of every policy of ``twin_policies.EIGHT``, from the log's random slates alone.

    Columns: ``policy``, ``estimate``, ``low``, ``high``, ``ess``; NaN where there is no estimate.
    """
    log = _random_alone(read_log(file))
    lives = lives_of(log, item_ids(setup))
    targets: dict[str, Policy] = {
        name: Random(setup.context) if name == "random" else Walked(policy, lives)
        for name, policy in weighed(setup, twin).items()
    }
    table = estimate(setup, log, targets, steps=1, seed=seed).table
    mine = (table.measure == SLATE) & (table.weights == KIND) & table.estimator.isin(["", ESTIMATOR])
    return table[mine][["policy", "estimate", "low", "high", "ess"]]


def _random_alone(log: Log) -> Log:
    """The random slates of all versions as of one, whose users are named by both."""
    rows = log.rows[log.rows["policy"] == "random"].reset_index(drop=True)
    return replace(log, rows=rows.assign(user=rows["version"] + "/" + rows["user"], version=""))


def _main(world: str, slates: int = 100_000, users: int = 500, seed: int = 1) -> None:
    """Write a log, fit to it, estimate from it, serve both worlds, and say how alike the ranks are."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.parquet"
        setup, twin = made_twin(world, file, USUAL, slates, seed, say)
        served = ranked(setup, twin, users, seed, offers_of(setup, file))
        say(served.round(1).to_string(index=False))
        table = served.merge(estimated(setup, file, twin, seed), on="policy")
    say(table.round(2).to_string(index=False))
    known = table.dropna(subset=["estimate"])
    for one, other in (("estimate", "world"), ("twin", "world"), ("estimate", "twin")):
        alike = spearmanr(known[one], known[other]).statistic
        say(f"{one} and {other}: Spearman {alike:.2f} of {len(known)} policies")


if __name__ == "__main__":
    _main(sys.argv[1], *(int(word) for word in sys.argv[2:]))
