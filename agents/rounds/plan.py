"""What a deployment in rounds is: all that its numbers are a function of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from driftrec.agents.catalogues.representations import TOLD
from driftrec.agents.rounds.arms import PLANNER, REFIT_PRICES, Arm, arms_of
from driftrec.agents.setup import Setup, WorldArgs
from driftrec.agents.worlds.kits import kit_of, settings_of
from driftrec.agents.worlds.settings import TrainSettings
from driftrec.simulators.moving.course import Course
from driftrec.simulators.moving.moves import Moves
from driftrec.simulators.moving.round_world import RoundWorld
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.settings import updated
from driftrec.simulators.sizes import check_sizes

FEWEST = 20
"""Held-out users at least: of fewer an interval says nothing, and the gate asks one."""


@dataclass(frozen=True)
class Plan:
    """A deployment.

    Attributes:
        world: Which world.
        arms: What is compared, see ``arms_of``.
        settings: How the first policy is trained, of the kind that the world's kit has.
        moves: How the world moves.
        seed: Source of all randomness.
        rounds: How many.
        users: Places of users who are served, a newcomer in each that gets free. In [2, 1e6].
        held_out: Users of every evaluation, whom nobody learns from. In [20, 1e6].
        tolerance: A candidate may be worse by this part of the incumbent's engagement, at the lower end of the paired
            interval. In [0, 1].
        share: Part of PPO's steps of the first training that a continuation takes. In (0, 1].
        kept: Places whose slates are kept for refits, at most. In [1, 1e6].
        drawn: Serve what PPO has learned by drawing slates, so that logs hold chances below 1, in place of the most
            likely ones.

    Raises:
        TypeError: If a size is not whole, or the settings are not of the world's kind.
        ValueError: If a number is out of range or an arm unknown.
    """

    world: WorldArgs
    arms: tuple[str, ...]
    settings: TrainSettings
    moves: Moves = field(default_factory=Moves)
    seed: int = 0
    rounds: int = 8
    users: int = 500
    held_out: int = 256
    tolerance: float = 0.05
    share: float = 0.25
    kept: int = 300
    drawn: bool = False

    def __post_init__(self) -> None:
        check_sizes(self, rounds=(1, 10_000), users=(2, 1_000_000), kept=(1, 1_000_000))
        check_ranges(self, tolerance=(0, 1), share=(1e-6, 1))
        if self.held_out < FEWEST:
            raise ValueError(
                f"Plan.held_out is {self.held_out}, too few for the interval that a tolerance is held against; give at "
                f"least {FEWEST}."
            )
        check_sizes(self, held_out=(FEWEST, 1_000_000))
        arms_of(self.arms)
        for told in ("told_encoder", "true_state"):
            if getattr(self.settings, told, False):
                raise ValueError(f"settings.{told} is on; no arm of rounds is told the truth. Leave it out.")
        read = {getattr(self.settings, "representation", None), *(arm.representation for arm in arms_of(self.arms))}
        if TOLD in read:
            raise ValueError(f"An arm reads {TOLD}, the hidden truth; name a representation that can be had.")
        if odd := [arm.name for arm in arms_of(self.arms) if arm.representation and not self._reads()]:
            raise ValueError(
                f"Arm {odd[0]!r} names what stands for items, and {self.world.world} has no texts; take it out."
            )
        if not self.settings.pace and any(arm.update == REFIT_PRICES for arm in arms_of(self.arms)):
            raise ValueError(f"Arm {REFIT_PRICES!r} searches prices of pages, and settings.pace is off; take 'refit'.")
        if getattr(self.settings, "withheld", 0.0):
            raise ValueError("settings.withheld is above 0; in rounds the offer decides what is shown. Leave it out.")

    def _reads(self) -> bool:
        """Whether something stands for items and people, as in worlds of texts."""
        return hasattr(self.settings, "representation")

    def settings_for(self, arm: Arm) -> TrainSettings:
        """How the arm is trained."""
        told: dict[str, Any] = {} if arm.representation is None else {"representation": arm.representation}
        return replace(self.settings, **told)

    def as_json(self) -> dict[str, Any]:
        """For a file, see ``plan_from``."""
        return asdict(self)


def plan_from(told: Mapping[str, Any]) -> Plan:
    """The plan that ``Plan.as_json`` told, as a file has it.

    Raises:
        ValueError: If something is missing or unknown; says what.
        TypeError: If something is of another kind.
    """
    try:
        world = WorldArgs(**told["world"])
        settings = updated(settings_of(world.world), told["settings"], "settings")
        others = {key: value for key, value in told.items() if key not in ("world", "settings", "moves", "arms")}
        return Plan(
            world=world,
            arms=tuple(told["arms"]),
            settings=settings,
            moves=updated(Moves(), told["moves"], "moves"),
            **others,
        )
    except KeyError as error:
        raise ValueError(f"The plan lacks {error.args[0]}; it is of another version.") from error


class Deployment:
    """A plan in its world.

    Args:
        plan: The plan.
        setup: Its world, as it is.

    Attributes:
        arms: What is compared.
        course: How the world moves.

    Raises:
        ValueError: As of ``Course``, if there are not enough items for so many rounds, or if the planner is an arm in a
            world that has none.
    """

    def __init__(self, plan: Plan, setup: Setup) -> None:
        self.plan, self.setup = plan, setup
        self.arms = arms_of(plan.arms)
        if PLANNER in plan.arms and not kit_of(setup).plans:
            raise ValueError(f"Arm {PLANNER!r}: {setup.args.world} has no planner. Leave the arm out.")
        self.course = Course(setup.world, plan.moves, plan.seed)
        self.course.check(plan.rounds)
        self.there = lru_cache(maxsize=2)(self._there)

    def __reduce__(self) -> tuple[type[Deployment], tuple[Plan, Setup]]:
        return Deployment, (self.plan, self.setup)

    def seed(self, number: int) -> int:
        """Of a round: of policies' draws, updates and intervals, the same for all arms."""
        return int(np.random.SeedSequence([self.plan.seed, number]).generate_state(1)[0])

    def world(self, number: int) -> RoundWorld:
        """The world of round ``number``."""
        world: Any = self.there(number).world
        return world

    def _there(self, number: int) -> Setup:
        """The same setup in round ``number``: policies must not show what is not on offer."""
        world: Any = RoundWorld(self.course, number)
        withheld = None if world.offered is None else ~world.offered
        return replace(self.setup, world=world, withheld=withheld)
