"""How engagement rises over a training: the same users, met again by every policy on the way."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.evaluation.mean_engagement import mean_engagement
from driftrec.agents.policy import Policy
from driftrec.simulators.world import World


class Curve:
    """Measurements of a training on fixed users.

    Episodes that end during training are no measure: those who leave early end first.

    Args:
        world: Where.
        users: Seeds of the users of every measurement, (users,).
        horizon: Steps of an episode.

    Attributes:
        env_steps: Steps that training has taken so far, logging and tuning included, these measurements not; whoever
            takes steps adds them.
        rows: The measurements.
    """

    def __init__(self, world: World[Any], users: NDArray[np.uint64], horizon: int) -> None:
        self.env_steps = 0
        self.rows: list[dict[str, Any]] = []
        self._world, self._users, self._horizon = world, users, horizon
        self._start = time.perf_counter()
        self._measuring = 0.0  # seconds

    def measure(self, stage: str, policy: Policy) -> float:
        """Add a row for ``policy``; returns its mean engagement an episode, in the world's unit."""
        begun = time.perf_counter()
        engagement = mean_engagement(self._world, policy, self._users, self._horizon)
        seconds = begun - self._start - self._measuring
        self._measuring += time.perf_counter() - begun
        self.rows.append(
            {
                "stage": stage,
                "env_steps": self.env_steps,
                "seconds": round(seconds, 1),
                "mean_episode_engagement": engagement,
            }
        )
        return engagement

    def table(self) -> pd.DataFrame:
        """One row a measurement: stage, env_steps, seconds without measuring, mean_episode_engagement."""
        return pd.DataFrame(self.rows)
