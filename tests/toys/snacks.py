"""A world of features: snacks, sweet or salty. What is eaten is tired of, and whoever has had enough leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from driftrec.envs.single import RecommendationEnv
from driftrec.simulators import noise
from driftrec.simulators.plain import PlainWorld
from driftrec.simulators.slates import pick
from driftrec.simulators.vectors import Float
from driftrec.simulators.world import Feedback, Field

SNACKS = np.random.default_rng(0).random((30, 2), np.float32)
"""Sweetness and heaviness, (snacks, 2)."""


@dataclass
class Eaters:
    """All there is to know about a batch of users."""

    keys: NDArray[np.uint64]  # (users,)
    step: NDArray[np.int64]  # (users,)
    sweet_tooth: Float  # (users,) in [0, 1]
    full: Float  # (users,) 0 and more
    last: Float  # (users, 3) sweetness and heaviness last eaten, and whether anything was
    gone: NDArray[np.bool_]  # (users,)


class SnackWorld(PlainWorld):
    """Users eat one snack of a slate or none, the likelier the more it suits them; heavy ones fill them up."""

    unit = "bites"
    num_items = len(SNACKS)
    item_features = SNACKS

    def __init__(self, slate_size: int = 2, appetite: float = 4.0) -> None:
        self.slate_size, self.appetite = slate_size, np.float32(appetite)
        self.fields = {"user": Field((3,), np.float32, 0, 1)}

    def check_ends(self) -> None:
        """Whoever eats is full one day."""

    def reset(self, seeds: NDArray[np.uint64]) -> Eaters:
        """A sweet tooth each, hungry."""
        users, keys, step = len(seeds), noise.stream_keys(seeds), np.zeros(len(seeds), np.int64)
        nothing = np.zeros((users, 3), np.float32)
        sweet_tooth = noise.uniform(noise.block(keys, step, 2)[0])
        return Eaters(keys, step, sweet_tooth, nothing[:, 0].copy(), nothing, np.zeros(users, np.bool_))

    def step(self, state: Eaters, slates: NDArray[np.int64]) -> Feedback:
        """Show one slate a user."""
        state.step += 1
        choosing, leaving = noise.uniform(noise.block(state.keys, state.step, 2))  # (users,) each
        position = pick(np.take_along_axis(self._weights(state), slates, axis=1).T, 1.0, choosing)
        clicks = (np.arange(self.slate_size) == position[:, None]) & ~state.gone[:, None]
        ate = clicks.any(axis=1)
        eaten = SNACKS[slates[np.arange(len(slates)), position]]  # (users, 2), the last of the slate where none
        state.full[ate] += eaten[ate, 1]
        state.last = np.where(ate[:, None], np.insert(eaten, 2, 1, axis=1), np.float32(0))
        left = ~state.gone & (leaving < 1 - np.exp(-state.full / self.appetite))
        state.gone |= left
        return Feedback.without_sessions(clicks, clicks.astype(np.float32), left)

    def observe(self, state: Eaters) -> dict[str, NDArray[Any]]:
        """What was eaten last."""
        return {"user": state.last.copy()}

    def expected_engagement(self, state: Eaters) -> Float:
        """Chance of every snack to be eaten if it were alone, (users, snacks)."""
        weights = self._weights(state)
        return weights / (1 + weights)

    def _weights(self, state: Eaters) -> Float:
        """Weights of the choice beside 1 for nothing, (users, snacks)."""
        return np.exp(2 - 4 * np.abs(SNACKS[:, 0] - state.sweet_tooth[:, None]) + SNACKS[:, 1])


class SnackEnv(RecommendationEnv):
    """One user of ``SnackWorld``."""

    def __init__(self, slate_size: int = 2, appetite: float = 4.0, horizon: int | None = 30) -> None:
        super().__init__(SnackWorld(slate_size, appetite), horizon)


gym.register("Snacks-v0", entry_point=SnackEnv)
