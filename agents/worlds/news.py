"""News: the kit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from driftrec.agents.encoders.true_state import truth_columns
from driftrec.agents.oracles import MyopicOracle, Planner
from driftrec.agents.oracles.planner_weights import planner_weights
from driftrec.agents.policy import Policy
from driftrec.agents.ranker.fitting import Report
from driftrec.agents.setup import Setup
from driftrec.agents.stock.stock_training import StockPPOSettings, StockSACSettings, StockSettings
from driftrec.agents.worlds.kit import Effort, Kit
from driftrec.agents.worlds.scoring import Changes, Edition
from driftrec.agents.worlds.text_kit import TextKit
from driftrec.simulators.newsroom import generate_news, generate_personas
from driftrec.simulators.revealed import revealed


class NewsKit(TextKit):
    """Of ``driftrec/News-v0``."""

    stock: ClassVar[Mapping[str, StockSettings]] = {"sb3-ppo": StockPPOSettings(), "sb3-sac": StockSACSettings()}
    truths = ("interest", "satiation", "satisfaction")
    tunes_planner = True
    changes = Changes(
        tastes=("home", "interest"),
        drift={"drift": {"towards": 0.06, "walk": 0.02, "jump_rate": 0.006}},
        edition=Edition(generate_news, generate_personas),
    )

    @property
    def baselines(self) -> tuple[str, ...]:
        """Those of texts too, and a ranker fitted on the spot."""
        return ("random", "popular", "content", "epsilon-content", "linucb", "myopic", "myopic-oracle", "planner")

    def myopic_oracle(self, setup: Setup) -> Policy:
        """The best slate for the next step."""
        world: Any = setup.world
        return MyopicOracle(world, world.catalogue)

    def planner(self, setup: Setup, effort: Effort, report: Report) -> Planner:
        """Weighs what an opened item does to the user; its weights are tuned by simulation."""
        world: Any = setup.world
        horizon = setup.horizon
        weights = planner_weights(
            world, horizon, retune=effort.retune, users=effort.users, rounds=effort.rounds, report=report
        )
        return Planner(world, weights)

    def revealed(self, setup: Setup) -> Setup:
        """The same with the users' interest, satiation and satisfaction in the observations."""
        plain: Any = setup.world
        world = revealed(plain)
        return replace(setup, world=world, truth=truth_columns(world))


KITS: dict[str, Kit] = {"driftrec/News-v0": NewsKit()}
"""By environment id."""
