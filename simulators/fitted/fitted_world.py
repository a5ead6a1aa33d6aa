"""A world fitted to a log: users who open one item of a slate or none, drift, tire, leave and return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import noise
from driftrec.simulators.choice import MAX_UTILITY
from driftrec.simulators.fitted.fitted_state import Faded, FittedState
from driftrec.simulators.fitted.parameters import FittedParameters
from driftrec.simulators.plain import PlainWorld
from driftrec.simulators.sizes import size
from driftrec.simulators.slates import at_slates, first_places, pick, slate_affinity
from driftrec.simulators.vectors import Float
from driftrec.simulators.world import NOBODY_LEAVES, Feedback, Field

WORDS = 4
"""Random words a step: choice, engagement, end of the session with loss, time away with its habit."""

LONGEST_GAP = 1e5
"""Hours, some eleven years, that nobody is away longer than."""

TIRED = 20.0
"""Bound of the logarithms in the observation."""


class FittedWorld(PlainWorld):
    """The users of a log as a batched world (see ``simulators.world.World``), of ``Tastes`` and ``VisitRates``.

    What is observed, "user", is what a recommender can work out of the feedback: the three means of what was opened,
    log(1 + load) of every topic, log(1 + slates) and engagement a slate in this session.

    Args:
        parameters: What was fitted.
        slate_size: Positions in a slate, 1 to the number of items.

    Raises:
        TypeError: If the slate's size is not whole.
        ValueError: If it is out of range.
    """

    unit = "engagement"

    def __init__(self, parameters: FittedParameters, slate_size: int = 5) -> None:
        self.parameters = parameters
        self.num_items, self.dims = parameters.vectors.shape
        needs = f"in 1..{self.num_items} (items)"
        self.slate_size = size("slate_size", slate_size, needs, self.num_items)
        self.item_features = np.column_stack([parameters.vectors, parameters.quality, parameters.engagement])
        self._half = np.exp2(np.float32(-1.0 / parameters.tastes.fast_half_life))

    @property
    def fields(self) -> Mapping[str, Field]:
        """Shape, type and range of the observation."""
        p = self.parameters
        far = max(float(np.abs(p.vectors).max()), TIRED, p.high)
        return {"user": Field((3 * self.dims + p.num_topics + 2,), np.float32, -far, far)}

    def check_ends(self) -> None:
        """Raise ValueError if nobody could ever leave for good."""
        if self.parameters.visits.churn < noise.SMALLEST_CHANCE:
            raise ValueError(NOBODY_LEAVES)

    def reset(self, seeds: NDArray[np.uint64]) -> FittedState:
        """New users, each with the own interest of one of the log's."""
        p, users, keys = self.parameters, len(seeds), noise.stream_keys(seeds)
        step = np.zeros(users, np.int64)
        draw = noise.uniform(noise.block(keys, step, WORDS)[0])
        own = p.people[(draw * len(p.people)).astype(np.int64)]
        fast, session, slow = (Faded(users, self.dims) for _ in range(3))
        load, opened = np.zeros((users, p.num_topics), np.float32), np.zeros((users, self.num_items), np.bool_)
        visit, gone = np.zeros((users, 2), np.float32), np.zeros(users, np.bool_)
        return FittedState(keys, step, own, fast, session, slow, load, opened, visit, gone)

    def step(self, state: FittedState, slates: NDArray[np.int64]) -> Feedback:
        """Show one slate a user. A repeat within a slate is an empty position; users who are gone see nothing."""
        state.step += 1
        words = noise.block(state.keys, state.step, WORDS)
        by_position = np.ascontiguousarray(slates.T)
        shown = first_places(by_position) & ~state.gone
        weights = self._weights(state, by_position) * shown
        position = pick(weights, float(np.exp(self.parameters.tastes.no_click)), noise.uniform(words[0]))
        position[state.gone] = -1
        clicks = np.arange(self.slate_size) == position[:, None]
        rows = np.flatnonzero(position >= 0)
        items = slates[rows, position[rows]]
        engagement = np.zeros(slates.shape, np.float32)
        engagement[rows, position[rows]] = self._engaged(items, noise.normal(words[1, rows]))
        self._open(state, rows, items)
        ended, gap, left = self._pass_time(state, engagement, words)
        return Feedback(clicks, engagement, ended, gap, left)

    def observe(self, state: FittedState) -> dict[str, NDArray[Any]]:
        """What feedback tells of every user, see the class."""
        slates, engagement = state.visit.T
        usual = engagement / np.maximum(slates, np.float32(1.0))
        means = [memory.mean() for memory in (state.fast, state.session, state.slow)]
        return {"user": np.column_stack([*means, np.log1p(state.load), np.log1p(slates), usual])}

    def reveal(self, state: FittedState) -> dict[str, NDArray[Any]]:
        """Interest as it is now, not scaled, (users, dims), and the load of every topic."""
        return {"taste": state.interest(self.parameters.tastes), "load": state.load.copy()}

    def expected_engagement(self, state: FittedState) -> Float:
        """Mean engagement of every item if it were shown alone, (users, items)."""
        p = self.parameters
        utility = state.interest(p.tastes) @ p.vectors.T + p.quality
        utility -= np.float32(p.tastes.satiation) * np.log1p(state.load).take(p.topic, axis=1)
        utility -= np.float32(p.tastes.repeat) * state.opened
        weights = np.exp(np.minimum(utility, MAX_UTILITY))
        return (weights / (weights + np.float32(np.exp(p.tastes.no_click))) * p.engagement).astype(np.float32)

    def _weights(self, state: FittedState, by_position: NDArray[np.int64]) -> Float:
        """Of the choice, (slate_size, users)."""
        p = self.parameters
        utility = slate_affinity(p.vectors, by_position, state.interest(p.tastes)) + p.quality[by_position]
        utility -= np.float32(p.tastes.satiation) * at_slates(np.log1p(state.load), p.topic[by_position])
        utility -= np.float32(p.tastes.repeat) * at_slates(state.opened, by_position)
        utility -= np.float32(p.tastes.position) * np.arange(self.slate_size, dtype=np.float32)[:, None]
        return np.exp(np.minimum(utility, MAX_UTILITY))

    def _engaged(self, items: NDArray[np.int64], draw: Float) -> Float:
        """Engagement with each opened item."""
        p = self.parameters
        return np.clip(p.engagement[items] + np.float32(p.spread) * draw, np.float32(p.low), np.float32(p.high))

    def _open(self, state: FittedState, users: NDArray[np.intp], items: NDArray[np.int64]) -> None:
        """Remember one opened item for each of ``users``."""
        p = self.parameters
        fades = np.ones(len(state.step), np.float32)
        fades[users] = self._half
        state.fast.fade(fades)
        for memory in (state.fast, state.session, state.slow):
            memory.add(users, p.vectors[items])
        state.load[users, p.topic[items]] += np.float32(1.0)
        state.opened[users, items] = True

    def _pass_time(
        self, state: FittedState, engagement: Float, words: NDArray[np.uint64]
    ) -> tuple[NDArray[np.bool_], Float, NDArray[np.bool_]]:
        """End sessions, let the hours pass, lose those who do not come back; returns ended, gap, left."""
        visits, there = self.parameters.visits, (~state.gone).astype(np.float32)
        state.visit[:, 0] += there
        for column in engagement.T:
            state.visit[:, 1] += column
        content = state.visit[:, 1] / np.maximum(state.visit[:, 0], 1) / np.float32(visits.usual) - np.float32(1.0)
        odds = np.clip(np.float32(visits.end) + np.float32(visits.content) * content, -MAX_UTILITY, MAX_UTILITY)
        ended = (noise.uniform(words[2]) < 1.0 / (1.0 + np.exp(-odds))) & ~state.gone
        mean = np.where(noise.uniform_low(words[3]) < visits.short_share, visits.short_hours, visits.long_hours)
        gap = np.minimum(noise.exponential(words[3]) * mean, LONGEST_GAP).astype(np.float32) * ended
        left = ended & (noise.uniform_low(words[2]) < visits.churn)
        state.session.fade((~ended).astype(np.float32))
        state.visit[ended] = 0.0
        self._forget(state, gap + np.float32(visits.slate_hours) * there)
        state.gone |= left
        return ended, gap, left

    def _forget(self, state: FittedState, hours: Float) -> None:
        """Let what fades with time fade."""
        tastes = self.parameters.tastes
        state.slow.fade(np.exp2(-hours / np.float32(24.0 * tastes.slow_half_life)))
        state.load *= np.exp2(-hours / np.float32(tastes.satiation_half_life))[:, None]
