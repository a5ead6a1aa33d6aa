"""How eight policies do in a world and in its fitted twin, and how alike the two rank them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import kendalltau, spearmanr

from driftrec.agents.evaluation.bootstrap import Interval, interval
from driftrec.agents.evaluation.play import play
from driftrec.agents.policy import Policy
from driftrec.agents.realism.offering import Offering, logged_offers
from driftrec.agents.realism.twin_policies import EIGHT, Weighed
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.kits import item_ids
from driftrec.simulators.fitted.fitted_world import FittedWorld
from driftrec.simulators.fitted.parameters import FittedParameters
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.vectors import Double

RESAMPLES = 1000
"""Of users, for intervals of rank correlations."""


@dataclass(frozen=True)
class Ranked:
    """Engagement an episode of every policy of ``EIGHT``, user by user: both (policies, users).

    Attributes:
        world: In the world.
        twin: In its twin, whose users are others.
    """

    world: Double
    twin: Double

    def table(self, seed: int) -> pd.DataFrame:
        """``policy``; means of ``world`` and ``twin``, the best first, and 95 % intervals over users behind them."""
        told: dict[str, list[float]] = {}
        for name, values in (("world", self.world), ("twin", self.twin)):
            found = [interval(row[None], seed=seed) for row in values]
            told |= {name: [one.mean for one in found], f"{name}_low": [one.low for one in found]}
            told[f"{name}_high"] = [one.high for one in found]
        return pd.DataFrame({"policy": list(EIGHT), **told}).sort_values("world", ascending=False)

    def agreement(self, seed: int) -> dict[str, Interval]:
        """Rank correlations of means with 95 % intervals over users: ``Spearman`` and ``Kendall`` of world and twin.

        And ``ceiling``, Spearman's of the world with itself, of means over users drawn twice: more cannot be asked.
        """
        rng, users = np.random.default_rng(seed), (self.world.shape[1], self.twin.shape[1])
        draws = np.empty((RESAMPLES, 3))
        for draw in draws:
            one, other = (self.world[:, rng.integers(users[0], size=users[0])].mean(axis=1) for _ in range(2))
            twin = self.twin[:, rng.integers(users[1], size=users[1])].mean(axis=1)
            draw[:] = _alike(one, twin), kendalltau(one, twin).statistic, _alike(one, other)
        world, twin = self.world.mean(axis=1), self.twin.mean(axis=1)
        means = (_alike(world, twin), float(kendalltau(world, twin).statistic), float(np.median(draws[:, 2])))
        low, high = np.quantile(draws, (0.025, 0.975), axis=0)
        ends = zip(("Spearman", "Kendall", "ceiling"), means, low.tolist(), high.tolist(), strict=True)
        return {name: Interval(*told) for name, *told in ends}


def _alike(one: Double, other: Double) -> float:
    """Spearman's rank correlation."""
    return float(spearmanr(one, other).statistic)


def ranked(
    setup: Setup, twin: FittedParameters, users: int, seed: int, offers: NDArray[np.int64] | None = None
) -> Ranked:
    """What the policies of ``EIGHT``, which know the twin's items, earn in the world and in the twin.

    Args:
        setup: The world.
        twin: Fitted to a log of it.
        users: Fresh ones, in each.
        seed: Source of users and draws.
        offers: What is on offer in the twin, see ``Offering``; everything when omitted.
    """
    there, copy = weighed(setup, twin), FittedWorld(twin, setup.slate_size)
    world: Any = copy if offers is None else Offering(copy, _places(setup, twin), offers)
    in_world, in_twin = np.empty((2, len(EIGHT), users))
    for number, (name, weighs) in enumerate(EIGHT.items()):
        same = Weighed(twin, np.arange(len(twin.ids)), setup.slate_size, weighs) if offers is None else there[name]
        in_world[number] = _earned(setup.world, there[name], users, setup.horizon, seed)
        in_twin[number] = _earned(world, same, users, setup.horizon, seed)
    return Ranked(in_world, in_twin)


def offers_of(setup: Setup, file: Path) -> NDArray[np.int64] | None:
    """What was on offer to the first users of a log that ``write_log`` wrote; None where everything always is."""
    if not setup.context.offered:
        return None
    return logged_offers(file, "random", "0", {item: number for number, item in enumerate(item_ids(setup))})


def _places(setup: Setup, twin: FittedParameters) -> NDArray[np.int64]:
    """Number in the twin of every item of the world's catalogue, -1 of one that the log never showed."""
    items = setup.world.num_items if setup.setting is None else setup.setting.catalogue.num_items
    place = np.full(items, -1)
    place[catalogue_rows(setup, twin.ids)] = np.arange(len(twin.ids))
    return place


def weighed(setup: Setup, twin: FittedParameters) -> dict[str, Weighed]:
    """The policies of ``EIGHT``, by what a twin knows of items, for the world that it is a twin of."""
    place = _places(setup, twin)
    return {name: Weighed(twin, place, setup.slate_size, weighs) for name, weighs in EIGHT.items()}


def catalogue_rows(setup: Setup, ids: tuple[str, ...]) -> list[int]:
    """Places of these items in the world's catalogue."""
    place = {item: number for number, item in enumerate(item_ids(setup))}
    return [place[item] for item in ids]


def _earned(world: Any, policy: Policy, users: int, horizon: int, seed: int) -> Double:
    """Engagement of an episode of every user."""
    _, steps = play(world, policy, user_seeds(seed, "ranked", users), horizon=horizon, seed=seed)
    total = np.zeros(users)
    for step in steps:
        total[step.present] += step.feedback.engagement[step.present].sum(axis=1)
    return total
