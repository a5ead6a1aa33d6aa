"""What a fitted ranker makes of a request on a published world: candidates for PPO, or the best slate at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from driftrec.agents.baselines.common import top_k
from driftrec.agents.policy import Observation, Slates, user_chunks
from driftrec.agents.ppo.candidates import BOUND, FLOOR
from driftrec.agents.ranker.feature_ranker import FeatureRanker
from driftrec.agents.ranker.items import Items
from driftrec.agents.ranker.state_encoder import as_tensors

Float = NDArray[np.float32]
Noise = Callable[[tuple[int, ...]], Float]
"""Draws an array of that shape."""


@dataclass
class View:
    """A ranker's view of some users and all that may be shown to them."""

    state: Float  # (users, width) scaled
    columns: Tensor  # (items, item_width) or (users, items, item_width)
    appeal: Float  # (users, items)
    engagement: Float  # (users, items) now, if opened
    gains: Float  # (users, items) worth of a place in the slate


class Judge:
    """A ranker made ready to serve.

    Args:
        ranker: A fitted ranker; not changed.
        items: What it knows of items.
        farsighted: Count what opening an item does to the engagement after it.
    """

    def __init__(self, ranker: FeatureRanker, items: Items, farsighted: bool) -> None:
        self.ranker, self.items, self.farsighted = ranker.eval(), items, farsighted

    def view(self, observation: Observation, noise: Noise | None = None) -> View:
        """The ranker's view, with ``noise`` on the appeal in its gains."""
        with torch.inference_mode():
            columns = self.items.columns(observation)
            state = self.ranker.state(as_tensors(observation))
            scores = self.ranker(state, columns)
            later = columns @ self.ranker.future if self.farsighted else torch.zeros(())
        appeal, engagement = scores.appeal.numpy(), scores.engagement.numpy()
        noisy = appeal if noise is None else appeal + noise(appeal.shape)
        gains = self.ranker.choice.gains(noisy, engagement + later.numpy())
        return View(state.numpy(), columns, appeal, engagement, gains)


class BestSlates:
    """The policy that shows every user the slate a fitted ranker judges best.

    Args:
        judge: A ranker made ready to serve.
        noise: Scale of Gumbel noise on appeal, for logging.
    """

    def __init__(self, judge: Judge, slate_size: int, noise: float = 0.0) -> None:
        self.judge, self.slate_size, self.noise = judge, slate_size, noise
        self._rng = np.random.default_rng(0)

    def reset(self, num_users: int, seed: int) -> None:
        """Start over; only the noise draws on ``seed``."""
        self._rng = np.random.default_rng(seed)

    def act(self, observation: Observation) -> Slates:
        """Slates, best first, (users, slate_size)."""
        return np.concatenate(
            [self._act(chunk) for chunk in user_chunks(observation, self.judge.items.count(observation))]
        )

    def _act(self, observation: Observation) -> Slates:
        view = self.judge.view(observation, self._gumbel if self.noise else None)
        return top_k(view.gains, self.slate_size)

    def _gumbel(self, shape: tuple[int, ...]) -> Float:
        return self.noise * self._rng.gumbel(size=shape).astype(np.float32)


class FeatureStage:
    """The candidate ``Stage`` of a published world.

    Where a catalogue has more items than ``size``, the best of every topic are kept, as many of each.

    Args:
        judge: A ranker made ready to serve.
        num_items: Items that may be shown.
        size: Items to keep a request, at most.
    """

    def __init__(self, judge: Judge, num_items: int, size: int) -> None:
        self.judge = judge
        self._topics = self._members(num_items, size)
        self._each = size // max(len(self._topics), 1)
        self.size = sum(min(self._each, len(items)) for items in self._topics) if self._topics else min(num_items, size)
        self._width = judge.ranker.encoder.width

    def _members(self, num_items: int, size: int) -> list[NDArray[np.int64]]:
        """Items of every topic; none where the topics do not matter."""
        if num_items <= size:
            return []
        topics = self.judge.items.topics
        return [np.flatnonzero(topics == topic) for topic in np.unique(topics)]

    def space(self) -> spaces.Dict:
        """Space of what comes out, for one user."""
        judged = {name: spaces.Box(-BOUND, BOUND, (self.size,), np.float32) for name in ("score", "appeal", "minutes")}
        columns = spaces.Box(-BOUND, BOUND, (self.size, self.judge.items.width), np.float32)
        state = spaces.Box(-BOUND, BOUND, (self._width,), np.float32)
        candidates = spaces.Box(0, 2**31 - 1, (self.size,), np.int32)
        return spaces.Dict({"state": state, "candidates": candidates, "columns": columns, **judged})

    def items(self) -> None:
        """None: every request brings the columns of its candidates."""

    def __call__(self, observation: Observation) -> dict[str, NDArray[Any]]:
        """What the slate policy sees, see ``driftrec.agents.ppo.candidates.Stage``."""
        parts = [self._see(chunk) for chunk in user_chunks(observation, self.judge.items.count(observation))]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _see(self, observation: Observation) -> dict[str, NDArray[Any]]:
        view = self.judge.view(observation)
        kept = self._kept(view.gains)
        gains = np.take_along_axis(view.gains, kept, axis=1)
        judged = {
            "state": view.state,
            "score": self.judge.ranker.choice.score(gains),
            "appeal": np.take_along_axis(view.appeal, kept, axis=1),
            "minutes": np.log(np.maximum(np.take_along_axis(view.engagement, kept, axis=1), FLOOR)),
            "columns": self.judge.items.of(observation, kept).numpy(),
        }
        bounded = {name: array.clip(-BOUND, BOUND) for name, array in judged.items()}
        return {**bounded, "candidates": kept.astype(np.int32)}

    def _kept(self, gains: Float) -> NDArray[np.int64]:
        """Items kept, best first, (users, size)."""
        if not self._topics:
            return top_k(gains, self.size)
        best = [items[top_k(gains[:, items], min(self._each, len(items)))] for items in self._topics]
        kept = np.concatenate(best, axis=1)
        order = np.argsort(-np.take_along_axis(gains, kept, axis=1), axis=1, kind="stable")
        return np.take_along_axis(kept, order, axis=1)
