"""The kit of worlds whose items have features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.encoders.feature_encoders import FeatureEncoder, UserVector
from driftrec.agents.networks.feature_ranker import FeatureRanker
from driftrec.agents.ranker.column_future import column_future
from driftrec.agents.ranker.fitting import Report
from driftrec.agents.ranker.future import FutureSettings
from driftrec.agents.ranker.items import FeatureItems
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.protocol import Logs
from driftrec.agents.setup import Setup
from driftrec.agents.slateq.slateq_settings import SlateQTraining
from driftrec.agents.worlds.kit import Kit
from driftrec.agents.worlds.settings import TrainSettings
from driftrec.simulators.offers import OFFERED


class FeatureKit(Kit):
    """The kit of a world whose items have features, unless it says otherwise.

    Args:
        settings: See ``Kit``; those of the class when omitted.
        slateq: The same.
    """

    def __init__(self, settings: TrainSettings | None = None, slateq: SlateQTraining | None = None) -> None:
        self.settings, self.slateq = settings or self.settings, slateq or self.slateq

    def encoder(self, setup: Setup, items: FeatureItems) -> FeatureEncoder:
        """What reads the observation: its "user", where there is one."""
        user = setup.world.fields.get("user")
        return UserVector(0 if user is None else user.shape[0])

    def judge(self, setup: Setup, told: Mapping[str, Any], seed: int, farsighted: bool = True) -> Judge:
        """A judge over the catalogue or the candidates of a request, see ``Kit``."""
        world = setup.world
        width = world.fields[OFFERED].shape[1] if OFFERED in world.fields else 0
        known, topics, once = world.item_features, self.topics(setup), self.once(setup)
        items = FeatureItems(world.num_items, known, topics, width, setup.withheld, once)
        choice = self.choice(setup)
        ranker = FeatureRanker(self.encoder(setup, items), items.width, choice, seed).to(setup.device)
        return Judge(ranker, items, farsighted)

    def once(self, setup: Setup) -> bool:
        """Whether nothing is opened twice, and observations tell what was opened."""
        return False

    def future(
        self, setup: Setup, judge: Judge, logs: Logs, settings: FutureSettings, *, seed: int, report: Report
    ) -> tuple[NDArray[np.float32], int]:
        """Column by column, from the logs that the ranker was fitted to first, see ``Kit``."""
        return column_future(logs, settings.gamma), 0
