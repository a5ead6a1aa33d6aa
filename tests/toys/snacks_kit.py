"""What agents know of the snacks: short trainings, and that light snacks keep users."""

from __future__ import annotations

from dataclasses import replace

from driftrec.agents.oracles.top import TopTrue
from driftrec.agents.policy import Policy
from driftrec.agents.ranker.fitting import Report
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.feature_kit import FeatureKit
from driftrec.agents.worlds.kit import Effort
from driftrec.agents.worlds.kits import register
from driftrec.agents.worlds.settings import TrainSettings
from toys.snacks import SNACKS


class SnackKit(FeatureKit):
    """As of any world of features, with a planner."""

    settings = replace(TrainSettings(), validations=2)

    def planner(self, setup: Setup, effort: Effort, report: Report) -> Policy:
        """What suits and is light."""
        world = setup.world
        return TopTrue(setup.slate_size, lambda state: world.expected_engagement(state) - SNACKS[:, 1])


register("Snacks-v0", SnackKit())
