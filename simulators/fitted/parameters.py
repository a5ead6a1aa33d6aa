"""The numbers of a fitted world: how users choose, how long they stay, when they return, and every item's own."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.catalogue import check_dtype, check_finite
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.shared import Shared
from driftrec.simulators.vectors import Float

SHORTEST_HALF_LIFE, LONGEST_HALF_LIFE = 1e-3, 1e6
"""Of any memory, in its unit."""


MOST_LOAD = 1000.0
"""No threshold lies above it."""


@dataclass(frozen=True)
class Tastes:
    """How a user sees an item, and what moves that.

        U(item) = quality + <interest, vector> - satiation * log(1 + B) + habit * log(1 + H) - repeat * [opened before]
        interest = own + fast * M_fast + session * M_session + slow * M_slow
        M = sum_j w_j vector_j / (1 + sum_j w_j)  over the items j that the user opened

    w_j halves with every ``fast_half_life`` items opened since in M_fast, with every ``slow_half_life`` days in M_slow,
    and is 1 in this session and 0 before it in M_session. B and H are numbers of items opened of the item's topic. In B
    those count that were too much: with each, and with it counted, the topic's load is L, and B grows by ``too_much``
    of L. Of load and B a part ``keep`` is left after every slate, and they halve every ``satiation_half_life`` hours; H
    halves every ``habit_half_life`` days. P(open position k) = w_k / (exp(no_click) + sum_j w_j), where
    w_k = exp(U - position * k); where users open several items of a slate, each position by itself, it is
    w_k / (exp(no_click) + w_k), and U is less by ``takeaway`` for every item of the topic opened above in the slate.

    Attributes:
        fast: Weight of what was opened last; negative where users look for something else.
        fast_half_life: Of it, in items opened.
        session: Weight of what was opened in this session.
        slow: Weight of what was opened in the past days.
        slow_half_life: Of it, in days.
        satiation: Utility lost with what was too much of a topic; negative where a topic grows by being opened.
        satiation_half_life: Of the load, in hours.
        threshold: Load from which on openings are too much; 0 where each is.
        keep: Part of the load that is left after a slate.
        habit: Utility gained with what was opened of a topic in the past days.
        habit_half_life: Of that, in days.
        repeat: Utility lost by an item that was opened before.
        no_click: Utility of opening nothing.
        position: Utility lost per position down the slate.
        takeaway: Utility lost per item of the topic opened above in the slate, where several are opened.
    """

    fast: float = 0.0
    fast_half_life: float = 3.0
    session: float = 0.0
    slow: float = 0.0
    slow_half_life: float = 30.0
    satiation: float = 0.0
    satiation_half_life: float = 24.0
    threshold: float = 0.0
    keep: float = 1.0
    habit: float = 0.0
    habit_half_life: float = 10.0
    repeat: float = 0.0
    no_click: float = 0.0
    position: float = 0.0
    takeaway: float = 0.0

    def __post_init__(self) -> None:
        weights = ("fast", "session", "slow", "satiation", "habit", "repeat")
        lives = ("fast_half_life", "slow_half_life", "satiation_half_life", "habit_half_life")
        check_ranges(self, **dict.fromkeys(weights, (-100.0, 100.0)))
        check_ranges(self, **dict.fromkeys(lives, (SHORTEST_HALF_LIFE, LONGEST_HALF_LIFE)))
        check_ranges(
            self, threshold=(0, MOST_LOAD), keep=(0, 1), no_click=(-80, 80), position=(-20, 20), takeaway=(-20, 20)
        )

    def too_much(self, load: Float) -> Float:
        """What one opening adds to B, of the load that it brought its topic to: ``load`` is >= 1, shape kept.

        L^8 / (L^8 + threshold^8), nearly a step: users' own thresholds lie about it.
        """
        return np.float32(1.0) / (np.float32(1.0) + (np.float32(self.threshold) / load) ** np.float32(STEEP))


STEEP = 8
"""Power of the load by which openings are too much: at half a threshold nearly none is, at twice it nearly each."""

SHAPES = ("first_end", "later_end", "churn_by_session")
"""Parts of ``VisitRates`` that tell how a chance goes with a count."""

MOST_ADDED = 50.0
"""Log-odds that one of them may add, either way."""


def doubling(counts: NDArray[np.integer] | Float, many: int) -> NDArray[np.int64]:
    """Which of ``many`` groups each count from 1 is in: 1, 2 to 3, 4 to 7 and so on, the last for all beyond."""
    place = np.log2(np.maximum(counts, 1)).astype(np.int64)
    return np.minimum(place, many - 1)


@dataclass(frozen=True)
class VisitRates:
    """How long users stay, when they come again, and whether they do.

        P(session ends after a slate) = sigmoid(end + content * (engagement a slate in this session / usual - 1))

    What is added to those log-odds by the place in the session, and to those of ``churn`` by the number of the session,
    is told for 1, 2 to 3, 4 to 7 and so on, the last for all beyond; nothing is added where they are empty.

    Hours away are exponential, of mean ``short_hours`` with chance ``short_share`` and ``long_hours`` otherwise: two
    habits, drawn anew every time.

    Attributes:
        end: Log-odds that a session ends after a slate.
        content: What as much again as usual adds to it; negative where who is content stays.
        usual: Engagement a slate, > 0.
        slate_hours: Hours that a slate takes.
        short_hours: Mean hours away, by the first habit.
        long_hours: By the second, no shorter.
        short_share: Chance of the first.
        churn: Chance that a user who ends a session is gone for good.
        first_end: Added to ``end`` by place in a user's first session.
        later_end: The same in later ones.
        churn_by_session: Added to the log-odds of ``churn`` by the number of the session.
    """

    end: float = -2.0
    content: float = 0.0
    usual: float = 1.0
    slate_hours: float = 0.0
    short_hours: float = 20.0
    long_hours: float = 200.0
    short_share: float = 0.6
    churn: float = 0.05
    first_end: tuple[float, ...] = ()
    later_end: tuple[float, ...] = ()
    churn_by_session: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        check_ranges(self, end=(-50, 50), content=(-50, 50), usual=(1e-9, 1e9), slate_hours=(0, 1e4))
        check_ranges(self, short_hours=(1e-6, 1e6), short_share=(0, 1), churn=(0, 1))
        check_ranges(self, long_hours=(self.short_hours, 1e6))
        for name in SHAPES:
            values = tuple(float(value) for value in getattr(self, name))
            object.__setattr__(self, name, values)
            if not all(abs(value) <= MOST_ADDED for value in values):
                raise ValueError(
                    f"VisitRates.{name} is {values}; each must be between -{MOST_ADDED:g} and {MOST_ADDED:g}."
                )


MOVED = ("end", "short_share", "churn")
"""Chances of visits that marks move: of a session's end, of being away for short, of being gone for good."""


@dataclass(frozen=True)
class Marks:
    """What users take along from slate to slate, from session to session.

        after a slate: K <- K * 2^(-1 / half_life) + marks of what was opened, added up - usual

    K, of three numbers, is 0 at first; they are added to the log-odds of the three chances ``MOVED``.

    Attributes:
        half_life: Slates in which K halves.
        usual: Marks of a usual slate, added up, in the order of ``MOVED``.
    """

    half_life: float = 8.0
    usual: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        check_ranges(self, half_life=(SHORTEST_HALF_LIFE, LONGEST_HALF_LIFE))
        usual = tuple(float(value) for value in self.usual)
        object.__setattr__(self, "usual", usual)
        if len(usual) != len(MOVED) or not all(abs(value) <= MOST_ADDED for value in usual):
            allowed = f"{len(MOVED)} numbers between -{MOST_ADDED:g} and {MOST_ADDED:g}"
            raise ValueError(f"Marks.usual is {usual}; give {allowed}.")


@dataclass(frozen=True)
class FittedParameters(Shared):
    """All of a fitted world.

    Attributes:
        tastes: How users choose.
        visits: How long they stay, and when they return.
        ids: Of the items in the log.
        vectors: Where items lie, float32, (items, dims); a root mean square length of 1.
        quality: Utility of each item to everybody, float32, (items,).
        topic: Of each item, int64, (items,).
        engagement: Mean of each item when it is opened, float32, > 0, (items,).
        spread: Standard deviation around it.
        low: Least engagement of an opened item.
        high: Largest.
        several: Whether several items of a slate may be opened, each position by itself.
        people: Own interest of the log's users, of whom new users are drawn, float32, (people, dims).
        logged: Engagement of an opening as the log has it, float32, quantiles of equal chance from the least to the
            largest, (quantiles,): which of them it is, is normal around the item's ``lift`` and the user's own level.
            None where engagement itself is normal around the item's mean.
        lift: Of each item, in standard deviations, float32, (items,); None without ``logged``.
        level: Standard deviation of users' levels, in [0, 1].
        rest: Standard deviation of what is left, in [0, 1].
        marks: What an opened item leaves with the user, by which chances of visits move, see ``Marks``, float32,
            (items, 3); None where visits do not hang on what was opened.
        fading: How marks add up and fade.

    Raises:
        ValueError: If shapes disagree or a number is out of its range; names it.
    """

    tastes: Tastes
    visits: VisitRates
    ids: tuple[str, ...]
    vectors: Float  # (items, dims)
    quality: Float  # (items,)
    topic: NDArray[np.int64]  # (items,)
    engagement: Float  # (items,)
    people: Float  # (people, dims)
    spread: float = 0.0
    low: float = 0.0
    high: float = 1.0
    several: bool = False
    logged: Float | None = None  # (quantiles,)
    lift: Float | None = None  # (items,)
    level: float = 0.0
    rest: float = 1.0
    marks: Float | None = None  # (items, 3)
    fading: Marks = Marks()

    def __post_init__(self) -> None:
        check_ranges(self, spread=(0, 1e9), low=(0, 1e9), high=(self.low, 1e9))
        for name in ("vectors", "quality", "topic", "engagement"):
            if len(getattr(self, name)) != len(self.ids):
                raise ValueError(f"{name} has {len(getattr(self, name))} rows for {len(self.ids)} items.")
        for name in ("vectors", "quality", "engagement", "people"):
            check_dtype(name, getattr(self, name), np.float32)
        check_dtype("topic", self.topic, np.int64)
        check_ranges(self, level=(0, 1), rest=(0, 1))
        self._check_logged()
        self._check_marks()
        for name in ("vectors", "quality", "engagement"):
            check_finite(name, getattr(self, name), self.ids)
        if not len(self.people) or self.people.shape[1:] != self.vectors.shape[1:]:
            raise ValueError(f"people is {self.people.shape}; give rows of {self.vectors.shape[1:]} as of the items.")
        check_finite("people", self.people, [f"person {i}" for i in range(len(self.people))])
        if self.topic.size and self.topic.min() < 0:
            raise ValueError(f"topic holds {self.topic.min()}; topics are numbered from 0.")
        super().__post_init__()

    def _check_logged(self) -> None:
        """Raise ValueError unless ``logged`` and ``lift`` are both there or neither, finite, of the right shape."""
        if self.logged is None and self.lift is None:
            return
        if self.logged is None or self.lift is None:
            raise ValueError("logged and lift come together; give both or neither.")
        for name, length in (("logged", None), ("lift", len(self.ids))):
            values = getattr(self, name)
            check_dtype(name, values, np.float32)
            if values.ndim != 1 or not len(values) or (length or len(values)) != len(values):
                raise ValueError(f"{name} is {values.shape}; give one row of {length or 'quantiles'}.")
            check_finite(name, values, [f"place {place}" for place in range(len(values))])

    def _check_marks(self) -> None:
        """Raise ValueError unless ``marks`` are None or finite and three of each item."""
        if self.marks is None:
            return
        check_dtype("marks", self.marks, np.float32)
        if self.marks.shape != (len(self.ids), len(MOVED)):
            raise ValueError(f"marks is {self.marks.shape}; give one row of {len(MOVED)} for {len(self.ids)} items.")
        check_finite("marks", self.marks, self.ids)

    @property
    def num_topics(self) -> int:
        """Number of topics."""
        return int(self.topic.max()) + 1

    def numbers(self) -> dict[str, float]:
        """Every number that is not of an item or a person, by name.

        With ``own_spread``, the root mean square of people's own interests by dimension, and ``mark_half_life``.
        """
        parts = (self.tastes, self.visits)
        named = ((part, field.name) for part in parts for field in fields(part) if field.name not in SHAPES)
        told = {name: float(getattr(part, name)) for part, name in (*named, (self, "level"), (self, "rest"))}
        own = float(np.sqrt(np.mean(np.square(self.people, dtype=np.float64))))
        return {**told, "own_spread": own, "mark_half_life": self.fading.half_life}
