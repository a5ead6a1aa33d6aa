"""SARDINE's worlds: one kit, with settings for slates and for single items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.encoders.feature_encoders import FeatureEncoder, PastSlates, UserVector
from driftrec.agents.figures import figures_sardine
from driftrec.agents.figures.figures import FigureTable
from driftrec.agents.oracles.sardine_oracles import GreedyOracle
from driftrec.agents.oracles.sardine_planner import QuotaPlanner
from driftrec.agents.policy import Policy
from driftrec.agents.ppo.ppo_settings import PPOSettings
from driftrec.agents.ranker.fitting import FitSettings, Report
from driftrec.agents.ranker.future import FutureSettings
from driftrec.agents.ranker.items import FeatureItems
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.loads import CountedLoads
from driftrec.agents.rivals.rival_settings import RIVALS, RivalSettings, ValueSettings
from driftrec.agents.setup import Setup
from driftrec.agents.slateq.slateq_settings import SlateQSettings, SlateQTraining
from driftrec.agents.worlds.feature_kit import FeatureKit
from driftrec.agents.worlds.kit import Effort, Kit
from driftrec.agents.worlds.scoring import Changes
from driftrec.agents.worlds.settings import TrainSettings
from driftrec.simulators.published.sardine_config import PUBLISHED

SLATES = TrainSettings(
    FitSettings(),
    FutureSettings(),
    PPOSettings(
        total_steps=300_000,
        lanes=256,
        rollout=16,
        batch_size=1024,
        epochs=3,
        learning_rate=0.01,
        gamma=0.9,
        gae_lambda=0.9,
        target_kl=0.3,
        candidates=30,
        temper=1.0,
    ),
)
"""The best slates are far from those it starts from: large steps, and little weight of the start. With the ranker's
51,200 logged steps, 352,000 environment steps."""

FEW = replace(
    SLATES,
    ppo=replace(SLATES.ppo, total_steps=400_000, epochs=4, learning_rate=0.02, target_kl=1.0, candidates=100),
)
"""Of single items and of ten to be ordered, a step has little to learn from: more of them, and larger ones."""

SLATEQ = SlateQTraining(
    SlateQSettings(total_steps=300_000, gamma=0.9, sync=20, epsilon=0.2, last_epsilon=0.02, unit=1.0)
)


VALUES = ValueSettings(gamma=0.9)
"""Boredom passes within steps."""


class SardineKit(FeatureKit):
    """Of one of the eight worlds."""

    learned_rivals: Mapping[str, RivalSettings] = {**RIVALS, "q1": VALUES, "q2": VALUES}
    figures: ClassVar[FigureTable | None] = figures_sardine
    changes = Changes(tastes=("interest", "current"))

    def encoder(self, setup: Setup, items: FeatureItems) -> FeatureEncoder:
        """Reads past slates where the observation is partial, and the state of the user where it is ideal."""
        counts, topics = setup.world.fields.get("hist"), int(items.topics.max()) + 1
        if counts is None or items.catalogue is None:
            world: Any = setup.world
            width = world.fields["user"].shape[0]
            return UserVector(width, width // world.num_topics, topics)
        return PastSlates(items.catalogue, counts.shape[0], topics)

    def topics(self, setup: Setup) -> NDArray[np.int64]:
        """The largest of an item's features, by which the world counts clicks."""
        world: Any = setup.world
        return world.main_topics.astype(np.int64)

    def loads(self, setup: Setup, judge: Judge) -> CountedLoads:
        """Clicks logged by topic, which both kinds of observation show as a share of those that bore."""
        world: Any = setup.world
        field, first = ("hist", 0) if "hist" in world.fields else ("user", world.num_topics)
        return CountedLoads(judge.items.topics, field, first, world.config.boredom_threshold)

    def myopic_oracle(self, setup: Setup) -> Policy:
        """Most expected clicks in the next step."""
        world: Any = setup.world
        return GreedyOracle(world)

    def planner(self, setup: Setup, effort: Effort, report: Report) -> Policy:
        """Weighs boredom and influence, with weights of the published world."""
        world: Any = setup.world
        return QuotaPlanner.tuned(world, setup.horizon, setup.args.world)

    def note(self, setup: Setup) -> str:
        """Whether items are the published ones."""
        generated = setup.world.settled["embeddings"] == "generated"
        return "Items are generated; published figures are of those in sardine-rec (extra peers)." if generated else ""


KITS: dict[str, Kit] = {
    f"driftrec/Sardine-{name}-v0": SardineKit(SLATES if name.startswith("SlateTopK") else FEW, SLATEQ)
    for name in PUBLISHED
}
"""By environment id."""
