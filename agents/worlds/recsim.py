"""RecSim's worlds: a kit each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.encoders.feature_encoders import FeatureEncoder, PastResponses
from driftrec.agents.figures import figures_recsim
from driftrec.agents.figures.figures import FigureTable
from driftrec.agents.oracles import MyopicOracle
from driftrec.agents.oracles.bayes import Bayes
from driftrec.agents.oracles.recsim_oracles import BudgetPlanner, top_quality
from driftrec.agents.oracles.top import TopSeen, TopTrue
from driftrec.agents.policy import Policy
from driftrec.agents.ppo.ppo_settings import PPOSettings
from driftrec.agents.ranker.fitting import FitSettings, Report
from driftrec.agents.ranker.future import FutureSettings
from driftrec.agents.ranker.items import FeatureItems
from driftrec.agents.setup import Setup
from driftrec.agents.slateq.slateq_settings import SlateQSettings, SlateQTraining
from driftrec.agents.worlds.feature_kit import FeatureKit
from driftrec.agents.worlds.kit import Effort, Kit, Reference
from driftrec.agents.worlds.scoring import Changes
from driftrec.agents.worlds.settings import TrainSettings

NEXT_STEP = TrainSettings(
    FitSettings(lanes=1024, log_steps=200),
    FutureSettings(),
    PPOSettings(total_steps=50_000, lanes=256, batch_size=1024, learning_rate=0.001, gamma=0.0, temper=10.0),
)
"""For worlds in which the next step is all there is."""

HIDDEN_TYPE = replace(NEXT_STEP, fit=FitSettings(lanes=2048, log_steps=200, rounds=3, batch_size=1024))
"""The same where past responses tell users apart, by small differences: 1,331,200 logged steps, most of own slates."""

BUDGET = TrainSettings(
    FitSettings(lanes=1024, log_steps=400, rounds=1, epochs=2),
    FutureSettings(gamma=0.9999, weights=(0.0, 1.0, 1.5, 2.0, 3.0, 4.0)),
    PPOSettings(
        total_steps=400_000,
        lanes=512,
        rollout=128,
        batch_size=8192,
        epochs=4,
        learning_rate=0.003,
        gamma=0.9999,
        gae_lambda=0.99,
        target_kl=0.1,
        entropy=0.0,
        temper=10.0,
    ),
    value_steps=131_072,
    validations=8,
)
"""What a click does to the budget pays at the end, and the budget is not observed: no discount, long rollouts."""

SLATEQ_NEXT_STEP = SlateQTraining(SlateQSettings(total_steps=50_000, gamma=0.0, sync=20, unit=1.0))
SLATEQ_BUDGET = SlateQTraining(SlateQSettings(total_steps=250_000, gamma=1.0, sync=20))

KALE_PAYS = 0.067
"""Sensitivity of long_term_satisfaction above which least clickbait earns more than most; by simulation."""

CHOC_STEPS = 3
"""Last steps of such an episode, in which most clickbait pays: what it does to satisfaction comes too late."""


class RecSimKit(FeatureKit):
    """What the three have in common."""

    figures: ClassVar[FigureTable | None] = figures_recsim


class EvolutionKit(RecSimKit):
    """Of interest evolution."""

    changes = Changes(tastes=("interests",))

    def myopic_oracle(self, setup: Setup) -> Policy:
        """The best slate for the next step."""
        world: Any = setup.world
        return MyopicOracle(world)

    def planner(self, setup: Setup, effort: Effort, report: Report) -> Policy:
        """Counts what a click does to the budget."""
        world: Any = setup.world
        return BudgetPlanner(world)

    def references(self, setup: Setup) -> Mapping[str, Reference]:
        """Highest quality first."""
        world: Any = setup.world
        return {"quality": lambda: top_quality(world)}


class ExplorationKit(RecSimKit):
    """Of interest exploration."""

    changes = Changes(tastes=("kind", "affinity"))

    def encoder(self, setup: Setup, items: FeatureItems) -> FeatureEncoder:
        """Reads past responses, where more than the last slate's are observed."""
        cluster = setup.world.fields["cluster"]
        if cluster.shape[0] <= setup.slate_size:
            return super().encoder(setup, items)
        return PastResponses(int(cluster.high) + 1, setup.slate_size)

    def myopic_oracle(self, setup: Setup) -> Policy:
        """The best slate for the next step, which is all there is."""
        world: Any = setup.world
        return MyopicOracle(world)

    def planner(self, setup: Setup, effort: Effort, report: Report) -> Policy:
        """The myopic oracle: what is shown changes nothing later."""
        return self.myopic_oracle(setup)

    def references(self, setup: Setup) -> Mapping[str, Reference]:
        """Highest quality first, which the observation shows; exact Bayes, where the user is all that is unknown."""
        world: Any = setup.world
        return {
            "quality": lambda: TopSeen(setup.slate_size, lambda seen: seen["candidates"][..., 2]),
            "bayes": lambda: Bayes(world),
        }


class SatisfactionKit(RecSimKit):
    """Of long-term satisfaction, where only the first position is ever opened."""

    def planner(self, setup: Setup, effort: Effort, report: Report) -> Policy:
        """Least clickbait first until the last steps, where that pays."""
        world: Any = setup.world
        if world.config.sensitivity <= KALE_PAYS:
            return self.myopic_oracle(setup)

        def kale_first(state: Any) -> NDArray[np.float32]:
            engagement = world.expected_engagement(state)  # (users, candidates)
            return np.where(state.budget[:, None] > CHOC_STEPS, -engagement, engagement)

        return TopTrue(setup.slate_size, kale_first)


KITS: dict[str, Kit] = {
    "driftrec/RecSim-InterestEvolution-v0": EvolutionKit(BUDGET, SLATEQ_BUDGET),
    "driftrec/RecSim-InterestExploration-v0": ExplorationKit(HIDDEN_TYPE, SLATEQ_NEXT_STEP),
    "driftrec/RecSim-LongTermSatisfaction-v0": SatisfactionKit(NEXT_STEP, SLATEQ_NEXT_STEP),
}
"""By environment id."""
