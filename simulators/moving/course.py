"""What every round of a moving world is like: a function of settings, seed and the number of the round alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import noise
from driftrec.simulators.moving.kinds import Movable, appeared, check_movable, directions, interests, own_calendar
from driftrec.simulators.moving.moves import Moves
from driftrec.simulators.vectors import Double, Float

_ITEMS, _TREND, _MIX, _CHURN = range(4)  # streams of random numbers


class Course:
    """The course of a world over rounds; round 0 is the world as it is, with part of its catalogue on offer.

    Items stand in one order, drawn once. On offer is a window of it, which every round moves on by the items that
    arrive: what has left never returns. A world with a calendar of its own, such as NewsStream, brings articles by
    their dates instead; round r is its r-th stretch of ``Moves.hours``.

    Trends and the mix are vectors over topics, 0 in round 0:

        v_r = keep * v_(r-1) + scale_r * n_r,  n_r standard normal, less its mean over topics

    A newcomer is of persona p, or has the own interest of p of a fitted world's people, with a chance in proportion to
    exp(mix of the topic nearest to p).

    Args:
        world: The world as it is.
        moves: How much it moves.
        seed: Of the course.

    Raises:
        ValueError: If it is not known how the world moves, too few items would be on offer for a slate, or a shock asks
            a calendar for arrivals.
    """

    def __init__(self, world: Movable, moves: Moves, seed: int) -> None:
        check_movable(world)
        self.world, self.moves, self.seed = world, moves, seed
        self.num_items: int = world.num_items if world.catalogue is None else world.catalogue.num_items
        self.by_calendar = own_calendar(world)
        self.count = self.num_items if self.by_calendar else max(1, round(moves.offered * self.num_items))
        self._order = self._rng(_ITEMS, 0).permutation(self.num_items)
        self.directions = directions(world)
        self._group = np.argmax(interests(world) @ self.directions.T, axis=1)  # (people,)
        if self.count < world.slate_size:
            raise ValueError(
                f"Moves.offered is {moves.offered:g}, which is {self.count} of {self.num_items} items, too few for "
                f"slates of {world.slate_size}. Raise it."
            )
        if self.by_calendar and any(shock.arrivals for shock in moves.shocks):
            raise ValueError("A shock has arrivals, but this world's own calendar brings its items. Leave it out.")

    def check(self, rounds: int) -> None:
        """Raise ValueError unless there are items for so many rounds, none of them twice."""
        if self.by_calendar:
            most = int(self.world.calendar.period / self.moves.hours)
            if rounds > most:
                raise ValueError(
                    f"--rounds is {rounds}; the calendar has {most} stretches of {self.moves.hours:g} hours. "
                    "Lower it, or Moves.hours."
                )
            return
        wanted = self._start(rounds - 1) + self.count
        if wanted > self.num_items:
            raise ValueError(
                f"{rounds} rounds need {wanted:,} items, and the catalogue has {self.num_items:,}. Lower Moves.offered "
                "or Moves.arrivals, play fewer rounds, or give a larger --catalogue."
            )

    def offered(self, number: int) -> NDArray[np.bool_] | None:
        """Which items round ``number`` has on offer, (items,); None where a calendar tells."""
        if self.by_calendar:
            return None
        start = self._start(number)
        mask = np.zeros(self.num_items, np.bool_)
        mask[self._order[start : start + self.count]] = True
        return mask

    def fresh(self, number: int) -> NDArray[np.bool_]:
        """Items that appeared with round ``number``: less than a round old in it, (items,); none in round 0."""
        if self.by_calendar:
            return appeared(self.world, self.start(number), self.moves.hours)
        mask = np.zeros(self.num_items, np.bool_)
        if number:
            mask[self._order[self._start(number - 1) + self.count : self._start(number) + self.count]] = True
        return mask

    def start(self, number: int) -> float:
        """Hour at which round ``number`` begins."""
        return number * self.moves.hours

    def trend(self, number: int) -> Float:
        """What round ``number`` adds to every topic, see ``Moves.trend``, (topics,)."""
        return self._walk(_TREND, "trend", number).astype(np.float32)

    def people(self, number: int) -> NDArray[np.int64]:
        """People to draw newcomers of round ``number`` from evenly, some several times, (people,)."""
        order = np.argsort(self._group, kind="stable")  # a topic's share is then met to within a persona
        weight = np.exp(self._walk(_MIX, "mix", number))[self._group[order]]
        bounds = np.cumsum(weight) / weight.sum()
        places = (np.arange(len(weight)) + 0.5) / len(weight)
        return np.sort(order[np.minimum(np.searchsorted(bounds, places), len(weight) - 1)])

    def leaving(self, number: int, users: int) -> NDArray[np.bool_]:
        """Which places lose their user before round ``number``, whatever was served, (users,)."""
        return self._rng(_CHURN, number).random(users) < self.moves.at(number, "churn")

    def newcomers(self, number: int, users: int) -> NDArray[np.uint64]:
        """Seeds of the users who would take each place in round ``number``, (users,)."""
        return noise.user_seeds(self.seed, f"round {number}", users)

    def _start(self, number: int) -> int:
        """Place in the order of the first item on offer."""
        return sum(round(self.moves.at(each, "arrivals") * self.count) for each in range(1, number + 1))

    def _walk(self, stream: int, what: str, number: int) -> Double:
        value = np.zeros(len(self.directions))
        for each in range(1, number + 1):
            step = self._rng(stream, each).standard_normal(len(value))
            value = self.moves.keep * value + self.moves.at(each, what) * (step - step.mean())
        return value

    def _rng(self, stream: int, number: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, stream, number])
