"""Do policies rank alike by estimates from a log, by a world fitted to that log, and in the world that wrote it?

python -m driftrec.agents.estimation.ranks WORLD [SLATES USERS SEED]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.stats import spearmanr

from driftrec.agents.baselines import Random
from driftrec.agents.estimation.estimate import FEWEST
from driftrec.agents.estimation.estimators import Brought, Sums, of_slates
from driftrec.agents.estimation.intervals import intervals
from driftrec.agents.estimation.truth import true_slates
from driftrec.agents.logbook.log_reader import Log
from driftrec.agents.logbook.logged_lives import Double, LoggedLives, lives_of
from driftrec.agents.policy import Observation, Policy, Slates
from driftrec.agents.realism.twin import USUAL, made_twin, peak_gb, say
from driftrec.agents.realism.twin_policies import EIGHT
from driftrec.agents.realism.twin_ranks import offers_of, ranked, weighed
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.kits import item_ids
from driftrec.agents.worlds.observing import observed
from driftrec.simulators.fitted.parameters import FittedParameters

KIND, ESTIMATOR = "independent", "snips"
"""Weights of single positions, for random slates hold no whole slate of a policy's twice."""

RANDOM = "random"
"""The policy whose slates are estimated from, and the one of ``EIGHT`` whose weights are all 1."""

ASKED = (
    *("policy", "version", "user", "user_seed", "step", "time", "session", "position", "item"),
    *("clicked", "engagement", "propensity", "marginal"),
)
"""Columns of the log."""


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


class Gathered:
    """What pieces of a log come to for one policy: self-normalised estimates of a slate, and what they are worth.

    Args:
        size: Positions of a slate.
    """

    def __init__(self, size: int) -> None:
        self._parts: list[Sums] = []
        self._weight, self._squares = np.zeros((2, size))

    def add(self, weight: Double, lives: LoggedLives) -> None:
        """Take the weights of a piece, (users, steps, slate_size)."""
        there, nothing = lives.there, np.zeros(weight.shape)
        outcome = Brought(there, lives.engagement, nothing, nothing[..., 0])
        self._parts += [sums for sums in of_slates(KIND, weight, outcome) if sums.estimator == ESTIMATOR]
        self._weight += weight[there].sum(axis=0)
        self._squares += np.square(weight[there]).sum(axis=0)

    def estimate(self, seed: int) -> dict[str, float]:
        """``estimate``, ``low`` and ``high``, NaN where the effective sample size ``ess`` is too small."""
        ratio = np.divide(np.square(self._weight), self._squares, out=0 * self._squares, where=self._squares > 0)
        ess = float(ratio.min())
        if ess < FEWEST:
            return {**dict.fromkeys(("estimate", "low", "high"), np.nan), "ess": ess}
        whole = replace(self._parts[0], columns=np.concatenate([part.columns for part in self._parts]))
        (found,) = intervals([whole], seed)
        return {"estimate": found.mean, "low": found.low, "high": found.high, "ess": ess}


def estimated(setup: Setup, file: Path, twin: FittedParameters, seed: int) -> pd.DataFrame:
    """Engagement a slate of every policy of ``twin_policies.EIGHT``, from the log's random slates alone.

    The log is read and walked version by version, which is what takes little memory.

    Args:
        setup: The world of the log.
        file: Parquet, of ``twin.write_log``.
        twin: By whose items the policies go.
        seed: Source of draws and of the resampling.

    Returns:
        Columns ``policy``, ``estimate``, ``low``, ``high``, ``ess``; NaN where there is no estimate.
    """
    gathered = {name: Gathered(setup.slate_size) for name in EIGHT}
    for number, lives in enumerate(_random_pieces(setup, file)):
        for name, weight in _weights(setup, lives, twin, seed + number).items():
            gathered[name].add(weight, lives)
    return pd.DataFrame([{"policy": name, **one.estimate(seed)} for name, one in gathered.items()])


def _weights(setup: Setup, lives: LoggedLives, twin: FittedParameters, seed: int) -> dict[str, Double]:
    """Weights of single positions of every policy, each (users, steps, slate_size)."""
    targets = {name: Walked(policy, lives) for name, policy in weighed(setup, twin).items() if name != RANDOM}
    weight = {name: np.ones(lives.shape) for name in EIGHT}
    assert lives.places is not None
    for target in targets.values():
        target.reset(len(lives), seed)
    for step, observation, slates in observed(setup, lives):
        for name, target in targets.items():
            target.act(observation)
            weight[name][:, step] = target.marginal(observation, slates) / lives.places[:, step]
    return weight


def _random_pieces(setup: Setup, file: Path) -> Iterator[LoggedLives]:
    """The lives that were shown random slates, version by version."""
    versions = pq.read_table(file, columns=["version"], filters=[("policy", "==", RANDOM)])["version"].unique()
    for version in versions.to_pylist():
        only = [("policy", "==", RANDOM), ("version", "==", version)]
        rows = pd.read_parquet(file, columns=list(ASKED), filters=only).sort_values(["user", "step", "position"])
        yield lives_of(Log(str(file), rows.reset_index(drop=True), setup.slate_size, ()), item_ids(setup))


def _main(world: str, slates: int = 100_000, users: int = 500, seed: int = 1) -> None:
    """Write a log, fit to it, estimate from it, serve both worlds, and say how alike the ranks are."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.parquet"
        setup, twin = made_twin(world, file, USUAL, slates, seed, say)
        served = ranked(setup, twin, users, seed, offers_of(setup, file)).table(seed)
        say(served.round(1).to_string(index=False))
        table = served[["policy", "world", "twin"]].merge(estimated(setup, file, twin, seed), on="policy")
        told = {"steps": setup.horizon, "users": users, "seed": seed}
        truth = true_slates(setup, Random(setup.context), weighed(setup, twin), **told)
        table["truth"] = table["policy"].map(truth)
    say(table.round(2).to_string(index=False))
    known = table.dropna(subset=["estimate"])
    for one, other in (("estimate", "truth"), ("estimate", "world"), ("twin", "world"), ("estimate", "twin")):
        alike = spearmanr(known[one], known[other]).statistic
        say(f"{one} and {other}: Spearman {alike:.2f} of {len(known)} policies")
    say(f"{process_time():.0f} CPU seconds, {peak_gb():.1f} GB at the peak")


if __name__ == "__main__":
    _main(sys.argv[1], *(int(word) for word in sys.argv[2:]))
