"""A world fitted to a log: users who open items of a slate or none, drift, tire, leave and return."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import noise
from driftrec.simulators.choice import MAX_UTILITY
from driftrec.simulators.fitted.fitted_state import RECENT, FittedState, Memory, Unkept
from driftrec.simulators.fitted.parameters import MOVED, FittedParameters, doubling
from driftrec.simulators.offers import OPENED
from driftrec.simulators.plain import PlainWorld
from driftrec.simulators.sizes import size
from driftrec.simulators.slates import at_slates, first_places, pick, slate_affinity
from driftrec.simulators.vectors import Float
from driftrec.simulators.world import NOBODY_LEAVES, Feedback, Field

WORDS = 4
"""Random words a step: choice, engagement, end of the session with loss, time away with its habit.

Where several items are opened: two more for every position, whether it is opened and what that brings.
"""

LONGEST_GAP = 1e5
"""Hours, some eleven years, that nobody is away longer than."""

TIRED = 20.0
"""Bound of the logarithms in the observation."""


class FittedWorld(PlainWorld):
    """The users of a log as a batched world (see ``simulators.world.World``), of ``Tastes`` and ``VisitRates``.

    What is observed, "user", is what a recommender can work out of the feedback: the three means of what was opened,
    log(1 + load) of every topic, where there is a threshold the same of what was too much, where there are habits the
    same of these, log(1 + slates) and engagement a slate in this session. Means and loads are by the numbers that the
    recommender goes by, ``known``, and so are the items' features: users may differ from them. And "opened": the items
    that a user has opened, of more than ``RECENT`` the last ones, in any order.

    Args:
        parameters: What was fitted.
        slate_size: Positions in a slate, 1 to the number of items.
        known: What the recommender takes for them; the same when omitted.

    Raises:
        TypeError: If the slate's size is not whole.
        ValueError: If it is out of range, or ``known`` is of other items.
    """

    unit = "engagement"

    def __init__(
        self, parameters: FittedParameters, slate_size: int = 5, known: FittedParameters | None = None
    ) -> None:
        self.parameters = parameters
        self.known = known or parameters
        self.num_items, self.dims = parameters.vectors.shape
        self.one_click = not parameters.several
        self._edges = _normal_edges(0 if parameters.logged is None else len(parameters.logged))
        needs = f"in 1..{self.num_items} (items)"
        self.slate_size = size("slate_size", slate_size, needs, self.num_items)
        if self.known.ids != parameters.ids:
            raise ValueError("The world that the recommender knows has other items; give two of one log.")
        self.item_features = np.column_stack([self.known.vectors, self.known.quality, self.known.engagement])

    @property
    def fields(self) -> Mapping[str, Field]:
        """Shape, type and range of the observation."""
        p = self.known
        far = max(float(np.abs(p.vectors).max()), TIRED, self.parameters.high * self._most_clicks())
        by_topic = 1 + bool(p.tastes.threshold) + bool(p.tastes.habit)
        user = Field((3 * p.vectors.shape[1] + by_topic * p.num_topics + 2,), np.float32, -far, far)
        return {"user": user, OPENED: Field((RECENT,), np.int32, -1, len(p.ids) - 1)}

    def check_ends(self) -> None:
        """Raise ValueError if nobody could ever leave for good."""
        if self.parameters.visits.churn < noise.SMALLEST_CHANCE:
            raise ValueError(NOBODY_LEAVES)

    def reset(self, seeds: NDArray[np.uint64]) -> FittedState:
        """New users, each with the own interest of one of the log's."""
        p, users, keys = self.parameters, len(seeds), noise.stream_keys(seeds)
        step = np.zeros(users, np.int64)
        words = noise.block(keys, step, self._words())
        draw, level = noise.uniform(words[0]), np.float32(p.level) * noise.normal(words[1])
        own = p.people[(draw * len(p.people)).astype(np.int64)]
        known = Unkept() if self.known is p else Memory(users, self.known)
        opened, visit = np.zeros((users, self.num_items), np.bool_), np.zeros((users, 2), np.float32)
        sessions, gone = np.zeros(users, np.int64), np.zeros(users, np.bool_)
        marks = np.zeros((users, len(MOVED)), np.float32)
        more = marks, np.zeros(users), np.full((users, RECENT), -1, np.int32), np.zeros(users, np.int64)
        return FittedState(keys, step, own, Memory(users, p), known, opened, visit, sessions, level, gone, *more)

    def step(self, state: FittedState, slates: NDArray[np.int64]) -> Feedback:
        """Show one slate a user. A repeat within a slate is an empty position; users who are gone see nothing."""
        slates = self._items(state, slates)
        state.step += 1
        words = noise.block(state.keys, state.step, self._words())
        by_position = np.ascontiguousarray(slates.T)
        weights = self._weights(state, by_position) * (first_places(by_position) & ~state.gone)
        clicks = self._choose(state, weights, words, by_position)
        engagement = np.zeros(slates.shape, np.float32)
        for k in range(self.slate_size):  # from the top down
            users = np.flatnonzero(clicks[:, k])
            draw = words[WORDS + 2 * k + 1] if self.parameters.several else words[1]
            engagement[users, k] = self._engaged(slates[users, k], state.level[users], noise.normal(draw[users]))
            self._open(state, users, slates[users, k])
        self._mark(state, np.where(clicks, slates, -1), ~state.gone)
        ended, gap, left = self._pass_time(state, engagement, words)
        return Feedback(clicks, engagement, ended, gap, left)

    def observe(self, state: FittedState) -> dict[str, NDArray[Any]]:
        """What feedback tells of every user, see the class."""
        slates, engagement = state.visit.T
        usual = engagement / np.maximum(slates, np.float32(1.0))
        seen = state.memory if isinstance(state.known, Unkept) else state.known
        told = np.column_stack([*seen.features(self.known.tastes), np.log1p(slates), usual])
        return {"user": told, OPENED: state.recent.copy()}

    def reveal(self, state: FittedState) -> dict[str, NDArray[Any]]:
        """Interest as it is now, not scaled, (users, dims), and the load of every topic."""
        return {"taste": state.interest(self.parameters.tastes), "load": state.memory.load.copy()}

    def utility(self, state: FittedState) -> Float:
        """Of every item at the top, (users, items)."""
        p = self.parameters
        utility = state.interest(p.tastes) @ p.vectors.T + p.quality
        utility += state.memory.liking(p.tastes).take(p.topic, axis=1)
        utility -= np.float32(p.tastes.repeat) * state.opened
        return np.asarray(utility, np.float32)

    def expected_engagement(self, state: FittedState) -> Float:
        """Mean engagement of every item if it were shown alone, (users, items)."""
        p = self.parameters
        weights = np.exp(np.minimum(self.utility(state), MAX_UTILITY))
        return (weights / (weights + np.float32(np.exp(p.tastes.no_click))) * p.engagement).astype(np.float32)

    def _items(self, state: FittedState, slates: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which items ``slates`` hold."""
        return slates

    def _words(self) -> int:
        """Random words a step."""
        return WORDS + 2 * self.slate_size * self.parameters.several

    def _most_clicks(self) -> int:
        """In one slate."""
        return self.slate_size if self.parameters.several else 1

    def _weights(self, state: FittedState, by_position: NDArray[np.int64]) -> Float:
        """Of the choice, (slate_size, users)."""
        p = self.parameters
        utility = slate_affinity(p.vectors, by_position, state.interest(p.tastes)) + p.quality[by_position]
        utility += at_slates(state.memory.liking(p.tastes), p.topic[by_position])
        utility -= np.float32(p.tastes.repeat) * at_slates(state.opened, by_position)
        utility -= np.float32(p.tastes.position) * np.arange(self.slate_size, dtype=np.float32)[:, None]
        return np.exp(np.minimum(utility, MAX_UTILITY))

    def _choose(
        self, state: FittedState, weights: Float, words: NDArray[np.uint64], by_position: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Positions opened, (users, slate_size), by ``weights`` (slate_size, users)."""
        nothing = np.float32(np.exp(self.parameters.tastes.no_click))
        if self.parameters.several:
            return self._one_by_one(weights, nothing, noise.uniform(words[WORDS::2]), by_position)
        position = pick(weights, float(nothing), noise.uniform(words[0]))
        position[state.gone] = -1
        return np.asarray(np.arange(self.slate_size) == position[:, None])

    def _one_by_one(
        self, weights: Float, nothing: np.float32, draws: Float, by_position: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Each position from the top down: what was opened above takes from its like."""
        p = self.parameters
        if not p.tastes.takeaway:
            return np.ascontiguousarray((draws < weights / (weights + nothing)).T)
        clicks = np.zeros(weights.shape, np.bool_)
        above = np.zeros((weights.shape[1], p.num_topics), np.float32)
        for k, items in enumerate(by_position):
            place = np.arange(len(items)), p.topic[items]
            odds = weights[k] * np.exp(np.float32(-p.tastes.takeaway) * above[place])
            clicks[k] = draws[k] < odds / (odds + nothing)
            above[place] += clicks[k]
        return np.ascontiguousarray(clicks.T)

    def _engaged(self, items: NDArray[np.int64], level: Float, draw: Float) -> Float:
        """Engagement with each opened item of users of that ``level``."""
        p = self.parameters
        if p.logged is not None and p.lift is not None:
            return p.logged[np.searchsorted(self._edges, p.lift[items] + level + np.float32(p.rest) * draw)]
        return np.clip(p.engagement[items] + np.float32(p.spread) * draw, np.float32(p.low), np.float32(p.high))

    def _memories(self, state: FittedState) -> Iterator[tuple[FittedParameters, Memory]]:
        """Those that are kept, with the parameters that they go by."""
        yield self.parameters, state.memory
        if isinstance(state.known, Memory):
            yield self.known, state.known

    def _open(self, state: FittedState, users: NDArray[np.intp], items: NDArray[np.int64]) -> None:
        """Remember one opened item for each of ``users``."""
        for parameters, memory in self._memories(state):
            memory.open(parameters, users, items)
        state.note(users, items)

    def _mark(self, state: FittedState, opened: NDArray[np.int64], there: NDArray[np.bool_]) -> None:
        """Let a slate leave its marks, where items were ``opened`` (users, slate_size), -1 for none."""
        p = self.parameters
        if p.marks is None:
            return
        state.marks *= np.where(there, np.float32(np.exp2(-1.0 / p.fading.half_life)), np.float32(1.0))[:, None]
        state.marks -= np.outer(there, np.array(p.fading.usual, np.float32))
        for items in opened.T:
            users = np.flatnonzero(items >= 0)
            state.marks[users] += p.marks[items[users]]

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
        odds = np.clip(odds + self._by_place(state) + state.marks[:, 0], -MAX_UTILITY, MAX_UTILITY)
        ended = (noise.uniform(words[2]) < 1.0 / (1.0 + np.exp(-odds))) & ~state.gone
        short = noise.uniform_low(words[3]) < _moved(visits.short_share, state.marks[:, 1])
        mean = np.where(short, visits.short_hours, visits.long_hours)
        gap = np.minimum(noise.exponential(words[3]) * mean, LONGEST_GAP).astype(np.float32) * ended
        left = ended & (noise.uniform_low(words[2]) < self._churn(state))
        state.visit[ended] = 0.0
        state.sessions += ended
        hours = gap + np.float32(visits.slate_hours) * there
        state.hours += hours
        for parameters, memory in self._memories(state):
            memory.pass_time(parameters, ended, hours, ~state.gone)
        state.gone |= left
        return ended, gap, left

    def _by_place(self, state: FittedState) -> Float:
        """What the place in the session adds to the log-odds of its end, (users,)."""
        visits = self.parameters.visits
        first, later = (_told(shape, state.visit[:, 0]) for shape in (visits.first_end, visits.later_end))
        return np.where(state.sessions == 0, first, later)

    def _churn(self, state: FittedState) -> Float:
        """Chance of every user to be gone for good if the session ends, (users,)."""
        visits = self.parameters.visits
        by_session = _told(visits.churn_by_session, state.sessions + 1)
        return _moved(visits.churn, by_session + state.marks[:, 2])

    def remember(
        self, state: FittedState, opened: NDArray[np.int64], engagement: Float, ended: NDArray[np.bool_], hours: Float
    ) -> None:
        """Let users live through what a log says they did in one slate, in place of a draw.

        Args:
            state: Moved on in place.
            opened: Item opened at each position, -1 for none, (users, slate_size).
            engagement: That it brought, (users, slate_size).
            ended: Whether the session was over after it, (users,).
            hours: Until the next slate, (users,).
        """
        for items in opened.T:
            users = np.flatnonzero(items >= 0)
            self._open(state, users, items[users])
        self._mark(state, opened, np.ones(len(opened), np.bool_))
        state.visit += np.column_stack([np.ones(len(opened), np.float32), engagement.sum(axis=1)])
        state.visit[ended] = 0.0
        state.sessions += ended
        state.hours += hours
        for parameters, memory in self._memories(state):
            memory.pass_time(parameters, ended, hours, np.ones(len(opened), np.bool_))


def _normal_edges(count: int) -> Float:
    """Between ``count`` parts of equal chance of a standard normal number, (count - 1,)."""
    return np.array([NormalDist().inv_cdf(place / count) for place in range(1, count)], np.float32)


def _moved(chance: float, by: Float) -> Float:
    """``chance`` with its log-odds moved ``by`` so much, (users,); what is sure stays sure."""
    if chance in (0.0, 1.0):
        return np.full(len(by), chance, np.float32)
    odds = np.float32(np.log(chance / (1.0 - chance))) + by
    return (1.0 / (1.0 + np.exp(-np.clip(odds, -MAX_UTILITY, MAX_UTILITY)))).astype(np.float32)


def _told(shape: tuple[float, ...], counts: NDArray[Any]) -> Float:
    """What ``shape`` adds at each count from 1, (users,); 0 where it is empty."""
    if not shape:
        return np.zeros(len(counts), np.float32)
    return np.array(shape, np.float32)[doubling(counts, len(shape))]
