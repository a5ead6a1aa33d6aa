"""Policies that serve a world and its fitted twin alike: by a fitted world's items, and by feedback alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.policy import Observation, Slates
from driftrec.simulators.fitted.parameters import FittedParameters
from driftrec.simulators.offers import OFFERED, items_of
from driftrec.simulators.vectors import Float

TIRED = 0.9
"""What is left of an opening of a topic at the next one."""


@dataclass(frozen=True)
class Weighs:
    """What a policy makes of an item.

    Attributes:
        quality: Weight of its quality.
        near: Of its likeness to the mean of what the user opened.
        memory: Openings by which that mean halves.
        topic: Of log(1 + fading openings of its topic), subtracted.
        seen: Of log(1 + how often the user was shown it), subtracted.
        noise: Of a Gumbel draw.
    """

    quality: float = 0.0
    near: float = 0.0
    memory: float = 2.0
    topic: float = 0.0
    seen: float = 0.0
    noise: float = 0.0


EIGHT: Mapping[str, Weighs] = {
    "random": Weighs(noise=1.0),
    "best known": Weighs(quality=1.0),
    "best known, not again": Weighs(quality=1.0, seen=2.0),
    "near": Weighs(near=3.0),
    "near, not again": Weighs(near=3.0, seen=2.0),
    "near for long, not again": Weighs(near=3.0, memory=30.0, seen=2.0),
    "both, topics change": Weighs(quality=1.0, near=3.0, memory=30.0, topic=1.0, seen=2.0),
    "both, at random": Weighs(quality=1.0, near=3.0, seen=2.0, noise=2.0),
}
"""Good ones and bad ones, chosen before any was tried."""


class Weighed:
    """Shows the items of which ``weighs`` makes the most.

    Args:
        fitted: Whose vectors, quality and topics items have.
        place: Number in ``fitted`` of every item of the world that is served, -1 of one that is never shown, (items,).
        slate_size: Positions in a slate.
        weighs: See there.
    """

    def __init__(self, fitted: FittedParameters, place: NDArray[np.int64], slate_size: int, weighs: Weighs) -> None:
        self.slate_size, self.weighs = slate_size, weighs
        self._known, place = place >= 0, place.clip(0)
        self._vectors, self._quality = fitted.vectors[place], fitted.quality[place]
        self._topic, self._all = fitted.topic[place], np.arange(len(place))[None]
        self._num_topics = fitted.num_topics

    def reset(self, num_users: int, seed: int) -> None:
        """Forget all users; draws come from ``seed``."""
        items, dims = self._vectors.shape
        self._sums, self._mass = np.zeros((num_users, dims), np.float32), np.zeros((num_users, 1), np.float32)
        self._load = np.zeros((num_users, self._num_topics), np.float32)
        self._seen, self._rng = np.zeros((num_users, items), np.float32), np.random.default_rng(seed)

    def act(self, observation: Observation) -> Slates:
        """The best first, (users, slate_size)."""
        worth = self._worth(observation[OFFERED].astype(np.int64) if OFFERED in observation else self._all)
        best = np.argpartition(-worth, self.slate_size - 1, axis=1)[:, : self.slate_size]
        return np.take_along_axis(best, np.argsort(-np.take_along_axis(worth, best, axis=1), axis=1), axis=1)

    def _worth(self, items: NDArray[np.int64]) -> Float:
        """Of items that are on offer, (users, offered), or (1, items) where all are."""
        w, users = self.weighs, np.arange(len(self._sums))[:, None]
        worth = w.quality * self._quality[items] - w.topic * np.log1p(self._load[users, self._topic[items]])
        if w.near:
            near = self._vectors[items] @ (self._sums / (1 + self._mass))[:, :, None]
            worth = worth + w.near * near[..., 0]
        if w.seen:
            worth = worth - w.seen * np.log1p(self._seen[users, items])
        if w.noise:
            worth = worth + w.noise * self._rng.gumbel(size=worth.shape)
        return np.where(self._known[items], worth, -np.inf)

    def update(
        self, observation: Observation, slates: Slates, clicks: NDArray[np.bool_], engagement: NDArray[np.floating]
    ) -> None:
        """Remember what was shown and opened; item -1 is a position that nobody saw."""
        items, there = items_of(observation, slates.clip(0)), slates >= 0
        fade = np.float32(0.5 ** (1.0 / self.weighs.memory))
        for k in range(self.slate_size):
            users = np.flatnonzero(there[:, k])
            self._seen[users, items[users, k]] += 1
            users = np.flatnonzero(clicks[:, k] & there[:, k])
            self._sums[users] = fade * self._sums[users] + self._vectors[items[users, k]]
            self._mass[users] = fade * self._mass[users] + 1
            self._load[users] *= np.float32(TIRED)
            self._load[users, self._topic[items[users, k]]] += 1
