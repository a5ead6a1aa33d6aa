"""How much a world moves from one round to the next, and when all of a sudden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.settings import updated
from driftrec.simulators.sizes import check_sizes

_SPREADS = {"trend": (0, 5), "mix": (0, 5)}
_SHARES = {"arrivals": (0, 1), "churn": (0, 1)}


@dataclass(frozen=True)
class Shock:
    """What comes on top of the usual between the round before and ``round``.

    Attributes:
        round: The first round that feels it, from 1.
        trend: Added to ``Moves.trend``, as of the next three. In [0, 5].
        mix: In [0, 5].
        arrivals: In [0, 1].
        churn: In [0, 1].

    Raises:
        TypeError: If the round is not whole.
        ValueError: If a number is out of range, or all are 0.
    """

    round: int = 1
    trend: float = 0.0
    mix: float = 0.0
    arrivals: float = 0.0
    churn: float = 0.0

    def __post_init__(self) -> None:
        check_sizes(self, round=(1, 100_000))
        check_ranges(self, **_SPREADS, **_SHARES)
        if not (self.trend or self.mix or self.arrivals or self.churn):
            raise ValueError(
                f"The shock of round {self.round} changes nothing; give it a trend, mix, arrivals or churn above 0."
            )


def _shocks(current: tuple[Shock, ...], changes: Any, where: str) -> tuple[Shock, ...]:
    """Shocks from a list of mappings, as JSON gives them."""
    if not isinstance(changes, Sequence) or isinstance(changes, str):
        raise TypeError(f"{where} is {changes!r}; it must be a list such as [{{'round': 4, 'trend': 0.8}}].")
    return tuple(
        each if isinstance(each, Shock) else updated(Shock(trend=1.0), {"trend": 0.0, **_mapping(each, where)}, where)
        for each in changes
    )


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{where} holds {value!r}; a shock is a mapping such as {{'round': 4, 'trend': 0.8}}.")
    return value


@dataclass(frozen=True)
class Moves:
    """What changes between rounds. All numbers are chosen; a round is a week of traffic.

    Attributes:
        hours: Length of a round. In [1, 10000].
        offered: Part of the catalogue that is on offer at a time; the rest comes later. In [0.001, 1].
        arrivals: Part of the offer that a round brings anew; as much, the oldest, goes for good. In [0, 1].
        trend: Standard deviation of what a round adds to every topic's trend: taste, for all users alike, where there
            are feeds; the logarithm of how fast needs arise in a shop. In [0, 5].
        mix: The same of the logarithm of how likely newcomers are of the personas of every topic. In [0, 5].
        keep: Part of trends and of the mix that is left a round later. In [0, 1].
        churn: Part of the users that each round loses for reasons of their own. In [0, 1].
        shocks: What comes on top, at most one a round.

    Raises:
        ValueError: If a number is out of range, or two shocks are of one round.
    """

    hours: float = 168.0
    offered: float = 0.5
    arrivals: float = 0.1
    trend: float = 0.1
    mix: float = 0.2
    keep: float = 0.9
    churn: float = 0.05
    shocks: tuple[Shock, ...] = field(default=(), metadata={"change": _shocks})

    def __post_init__(self) -> None:
        check_ranges(self, hours=(1, 1e4), offered=(1e-3, 1), keep=(0, 1), **_SPREADS, **_SHARES)
        rounds = [shock.round for shock in self.shocks]
        for each in rounds:
            if rounds.count(each) > 1:
                raise ValueError(f"Two shocks are of round {each}; give one that holds both.")

    def at(self, number: int, what: str) -> float:
        """``what`` ("trend", "mix", "arrivals", "churn") between the round before and round ``number``, shock added."""
        shock = sum(getattr(shock, what) for shock in self.shocks if shock.round == number)
        most = 1.0 if what in _SHARES else float("inf")
        return min(getattr(self, what) + shock, most)
