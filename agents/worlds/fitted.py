"""Worlds fitted to logs: the kit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.logbook.logged_lives import LoggedLives
from driftrec.agents.policy import Observation
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.kit import FeatureKit


class FittedKit(FeatureKit):
    """Of ``driftrec/Fitted-v0``: features of items and of what users opened; no planner is known."""

    def topics(self, setup: Setup) -> NDArray[np.int64]:
        """Those of the fit, see ``Kit``."""
        world: Any = setup.world
        topics: NDArray[np.int64] = world.known.topic
        return topics

    def item_ids(self, setup: Setup) -> list[str]:
        """Those of the log that was fitted to, see ``Kit``."""
        world: Any = setup.world
        return list(world.parameters.ids)

    def rebuilt(self, setup: Setup, lives: LoggedLives) -> Iterator[Observation]:
        """Memories of what was opened, see ``Kit``."""
        world: Any = setup.world
        users, steps, _ = lives.shape
        state = world.reset(np.zeros(users, np.uint64))
        for step in range(steps):
            yield world.observe(state)
            if step + 1 == steps:
                return
            on = lives.there[:, step + 1]
            hours = np.where(on, lives.hours[:, step + 1] - lives.hours[:, step], 0.0)
            ended = on & (lives.session[:, step + 1] != lives.session[:, step])
            opened = np.where(lives.clicks[:, step], lives.items[:, step], -1)
            brought = lives.engagement[:, step].astype(np.float32)
            world.remember(state, opened, brought, ended, hours.astype(np.float32))


KITS = {"driftrec/Fitted-v0": FittedKit()}
"""By environment id."""
