"""A world whose items come with the request: five offers a step, of which one is shown."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from driftrec.envs.single import RecommendationEnv
from driftrec.simulators import noise
from driftrec.simulators.plain import PlainWorld
from driftrec.simulators.vectors import Float
from driftrec.simulators.world import Feedback, Field


@dataclass
class Buyers:
    """All there is to know about a batch of users."""

    keys: NDArray[np.uint64]  # (users,)
    step: NDArray[np.int64]  # (users,)


class OfferWorld(PlainWorld):
    """An offer is bought with the chance that it shows."""

    num_items, slate_size = 5, 1
    fields = MappingProxyType({"candidates": Field((5, 1), np.float32, 0, 1)})

    def reset(self, seeds: NDArray[np.uint64]) -> Buyers:
        """New users."""
        return Buyers(noise.stream_keys(seeds), np.zeros(len(seeds), np.int64))

    def step(self, state: Buyers, slates: NDArray[np.int64]) -> Feedback:
        """Show one offer a user; then come the next."""
        bought = self._draws(state)[:, 5:] < np.take_along_axis(self.expected_engagement(state), slates, axis=1)
        state.step += 1
        return Feedback.without_sessions(bought, bought.astype(np.float32), np.zeros(len(slates), np.bool_))

    def observe(self, state: Buyers) -> dict[str, NDArray[Any]]:
        """The offers."""
        return {"candidates": self.expected_engagement(state)[..., None]}

    def expected_engagement(self, state: Buyers) -> Float:
        """Chance of every offer to be bought, (users, offers)."""
        return self._draws(state)[:, :5].copy()

    def _draws(self, state: Buyers) -> Float:
        return noise.uniform(noise.block(state.keys, state.step, 6)).T


class OfferEnv(RecommendationEnv):
    """One user of ``OfferWorld``."""

    def __init__(self, horizon: int | None = 20) -> None:
        super().__init__(OfferWorld(), horizon)


gym.register("Offers-v0", entry_point=OfferEnv)
