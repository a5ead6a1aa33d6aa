"""The highest score first: by what the observation tells, or by the true state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines.common import top_k
from driftrec.agents.oracles.told import Told
from driftrec.agents.policy import Observation, Slates

Scores = NDArray[np.float32]


class TopSeen:
    """The candidates of the highest score, as far as the observation tells.

    Args:
        slate_size: Positions in a slate.
        score: From the observation to scores, (users, candidates).
    """

    def __init__(self, slate_size: int, score: Callable[[Observation], Scores]) -> None:
        self._slate_size = slate_size
        self._score = score

    def reset(self, num_users: int, seed: int) -> None:
        """Nothing to forget and nothing random."""

    def act(self, observation: Observation) -> Slates:
        """Slates, best first, (users, slate_size)."""
        return top_k(self._score(observation), self._slate_size)


class TopTrue(Told):
    """An oracle: like ``TopSeen``, but scores come from the world's state."""

    def __init__(self, slate_size: int, score: Callable[[Any], Scores]) -> None:
        self._slate_size = slate_size
        self._score = score

    def act(self, observation: Observation) -> Slates:
        """Slates, best first, (users, slate_size)."""
        return top_k(self._score(self.state), self._slate_size)
