"""The arms of a deployment: ways to bring a policy up to date between rounds, compared under the same users."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from driftrec.agents.encoders.item_tables import Representation
from driftrec.simulators.settings import nearest

FROZEN, REFIT, REFIT_PRICES, PPO, REFIT_PPO = "frozen", "refit", "refit-prices", "ppo", "refit-ppo"
SCRATCH, PLANNER = "scratch", "planner"

ABOUT = {
    FROZEN: "trained before round 0, and never again",
    REFIT: "the farsighted ranker, fitted further to the logs so far after every round",
    REFIT_PRICES: "as refit, then the prices of pages searched further in the world of every round",
    PPO: "PPO goes on from the last weights in the world of every round",
    REFIT_PPO: "the ranker as in refit, then PPO anew on it, with the steps of such a continuation",
    SCRATCH: "trained anew in the world of every round, with the budget of the first training",
    PLANNER: "the planner, told the true state: an oracle",
}
"""What each does, by name."""


@dataclass(frozen=True)
class Arm:
    """A way to bring a policy up to date.

    Attributes:
        name: As it was asked for, such as "ppo" or "ppo@ids".
        update: One of ``ABOUT``.
        representation: What stands for items and people; None for the world's own, as with what knows no texts.
    """

    name: str
    update: str
    representation: Representation | None = None

    @property
    def learns(self) -> bool:
        """Whether it is trained at all."""
        return self.update != PLANNER

    @property
    def refits(self) -> bool:
        """Whether its ranker is fitted to logs, which are kept for that."""
        return self.update in (REFIT, REFIT_PRICES, REFIT_PPO)

    @property
    def serves_ppo(self) -> bool:
        """Whether it serves what PPO made; else the ranker, with prices of pages where there are some."""
        return self.learns and self.update not in (REFIT, REFIT_PRICES)

    @property
    def folder(self) -> str:
        """Its name for files."""
        return self.name.replace("@", "-")


def arms_of(names: Iterable[str]) -> tuple[Arm, ...]:
    """Arms by name: one of ``ABOUT``, where it learns with "@" and a representation behind it, such as "ppo@ids".

    Raises:
        ValueError: If a name or a representation is unknown (the message gives the nearest), a name is given twice, or
            none is given.
    """
    found = tuple(_arm(name) for name in names)
    if not found:
        raise ValueError(f"No arms to compare; name some of {', '.join(ABOUT)}.")
    for arm in found:
        if [other.name for other in found].count(arm.name) > 1:
            raise ValueError(f"Arm {arm.name!r} is given twice; leave one out.")
    return found


def _arm(name: str) -> Arm:
    update, at, representation = name.partition("@")
    if update not in ABOUT:
        raise ValueError(f"Arm {name!r} is unknown. {nearest(update, ABOUT)}")
    if not at:
        return Arm(name, update)
    if update == PLANNER:
        raise ValueError(f"Arm {name!r} reads no texts; write {PLANNER}.")
    known = get_args(Representation)
    if representation not in known:
        raise ValueError(f"Arm {name!r} has an unknown representation. {nearest(representation, known)}")
    return Arm(name, update, representation)  # type: ignore[arg-type]
