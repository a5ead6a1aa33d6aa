"""Shop: the kit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.oracles.rollouts import Rollouts
from driftrec.agents.oracles.search import Budget
from driftrec.agents.policy import Policy
from driftrec.agents.ranker.fitting import Report
from driftrec.agents.ranker.item_future import ItemFutureSettings
from driftrec.agents.ranker.items import ShownAgain
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.loads import CountedLoads
from driftrec.agents.rivals.rival_settings import RIVALS as RIVAL_SETTINGS
from driftrec.agents.rivals.rival_settings import PageSettings, PriceSettings, RivalSettings
from driftrec.agents.scenarios.shop_planner import ShopPlanner, ShopWeights
from driftrec.agents.scenarios.shop_rivals import (
    INDEX,
    OFF,
    RIVALS,
    START,
    RandomPages,
    shop_variations,
    tuned_rival,
    weights_told,
)
from driftrec.agents.scenarios.shop_values import STATE_AWARE, policy_from_logs
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.feeds import SETTINGS as FEEDS
from driftrec.agents.worlds.kit import Effort, GapRoles
from driftrec.agents.worlds.scoring import Changes
from driftrec.agents.worlds.text_kit import TextKit
from driftrec.simulators.moving.round_world import RoundWorld
from driftrec.simulators.shop.world import ShopWorld

TUNED = ShopWeights(
    offer=-1.622,
    offer_quality=-0.12,
    offer_allure=-0.878,
    dear=-0.794,
    editorial=0.335,
    editorial_quality=0.01,
    shown=-0.675,
    later=-0.634,
    diversity=0.845,
    pace=2.88,
    bar=0.653,
    consider=0.817,
    consider_soon=0.523,
    content=31.461,
    hold=4.556,
)
"""Of the planner in the packaged shop with the usual settings, made by ``shop_rivals.gap_table``."""


UNIT = 30.0
"""Engagements of one look by which prices are searched: hardly one in thirty looks sells, and wear costs a customer."""

SETTINGS = replace(FEEDS, future=ItemFutureSettings(), prices=PriceSettings(unit=UNIT))

LOG_USERS = 4000
"""Users of the logs that indices and values are fitted to."""


class ShopKit(TextKit):
    """Of ``driftrec/Shop-v0``: several things of a page are looked at, and what was seen may be shown again."""

    truths = ("interest", "need", "consideration", "muted", "satisfaction")
    tunes_planner = True
    believes = True
    by_topic = ("since_purchase", "shown_lately", "views")
    settings = SETTINGS
    learned_rivals: Mapping[str, RivalSettings] = {
        **RIVAL_SETTINGS,
        "diverse": PageSettings(unit=UNIT),
        "paced": PageSettings(unit=UNIT),
    }
    ablations = OFF
    changes = Changes(tastes=("taste", "liking"), price={"purchase": {"price": 1.6}})
    gap_roles: ClassVar[GapRoles | None] = GapRoles(
        planner="planner",
        rivals=("best constants", "index + diversity", "myopic, joint", "index from random logs", "index refitted"),
        top_k="planner, top-k",
        paced="paced index",
        values="Q1",
        persona="planner on persona",
    )

    def judge(self, setup: Setup, told: Mapping[str, Any], seed: int, farsighted: bool = True) -> Judge:
        """A judge over the catalogue, see ``Kit``."""
        return Judge(self.ranker(setup, told, seed), ShownAgain(setup.context), farsighted)

    def burden(self, setup: Setup) -> NDArray[np.float32]:
        """As the observation's "shown_lately" counts: an editorial wears less than an offer."""
        world = _shop(setup)
        return np.where(world.catalogue.price > 0, 1.0, world.config.wear.editorial).astype(np.float32)

    def loads(self, setup: Setup, judge: Judge) -> CountedLoads | None:
        """What was shown of every category lately, as the observation counts it."""
        topics = setup.context.topics
        return None if topics is None else CountedLoads(topics, "shown_lately", 0, 1.0, self.burden(setup))

    def myopic_oracle(self, setup: Setup) -> ShopPlanner:
        """Most expected reward until the next visit, each pick knowing those above it."""
        world: Any = setup.world
        return ShopPlanner(world, START)

    def planner(self, setup: Setup, effort: Effort, report: Report) -> ShopPlanner:
        """Weighs wear, consideration, satisfaction and sales held back; tuned from the usual weights on if asked to."""
        world: Any = setup.world
        if not effort.retune:
            return ShopPlanner(world, TUNED)
        budget = Budget(effort.users, effort.rounds)
        return tuned_rival(world, RIVALS["planner"], setup.horizon, budget, report, start=TUNED)

    def planner_in(self, planner: Policy, world: Any) -> ShopPlanner:
        """The same weights, see ``Kit``."""
        assert isinstance(planner, ShopPlanner)
        return ShopPlanner(world, planner.weights, planner.knows, planner.picks)

    def gap_policies(self, setup: Setup, effort: Effort, seed: int, report: Report) -> Iterator[tuple[str, Policy]]:
        """The rows of ``driftrec gap --full``; what follows from logs, and rivals tuned now, one from another's on."""
        world: Any = setup.world
        budget = Budget(effort.users, effort.rounds)
        yield "random", RandomPages(world)
        for names, first, again in ((INDEX, "index from random logs", "index refitted"), (STATE_AWARE, "Q1", "Q2")):
            policy: Policy = RandomPages(world)
            for label in (first, again):
                told = policy_from_logs(world, policy, names, horizon=setup.horizon, users=LOG_USERS, budget=budget)
                report(f"{label}: {weights_told(told.weights)}")
                yield label, told
                policy = told
        found = {"": START}
        for name, rival in RIVALS.items():
            start = TUNED if name == "planner" else found[rival.after]
            tuned = tuned_rival(world, rival, setup.horizon, budget, start=start)
            found[name] = tuned.weights
            report(f"{name}: {weights_told(tuned.weights)}")
            yield name, tuned

    def gap_ablation(
        self, setup: Setup, without: Setup, effort: Effort, report: Report
    ) -> Iterator[tuple[str, Policy]]:
        """The indices and the planner, tuned anew, the planner from its weights in the whole world."""
        world: Any = without.world
        start, budget = {"best constants": START, "planner": TUNED}, Budget(effort.users, effort.rounds)
        for name in ("best constants", "index + diversity", "planner"):
            tuned = tuned_rival(world, RIVALS[name], without.horizon, budget, start=start[name])
            start.setdefault("index + diversity", tuned.weights)
            report(f"{name}: {weights_told(tuned.weights)}")
            yield name, tuned

    def gap_limit(self, setup: Setup, planner: Policy) -> Policy:
        """The planner with its weights varied from page to page by rollouts."""
        assert isinstance(planner, ShopPlanner)
        return Rollouts(setup.world, planner, shop_variations(planner), horizon=setup.horizon)


def _shop(setup: Setup) -> ShopWorld:
    """The world, also where it is that of a round."""
    world: Any = setup.world.base if isinstance(setup.world, RoundWorld) else setup.world
    there: ShopWorld = world
    return there


KITS = {"driftrec/Shop-v0": ShopKit()}
"""By environment id."""
