"""Worlds fitted to logs: the kit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.setup import Setup
from driftrec.agents.worlds.kit import FeatureKit


class FittedKit(FeatureKit):
    """Of ``driftrec/Fitted-v0``: features of items and of what users opened; no planner is known."""

    def topics(self, setup: Setup) -> NDArray[np.int64]:
        """Those of the fit, see ``Kit``."""
        world: Any = setup.world
        topics: NDArray[np.int64] = world.parameters.topic
        return topics


KITS = {"driftrec/Fitted-v0": FittedKit()}
"""By environment id."""
