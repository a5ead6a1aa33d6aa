"""What agents know of a world beyond its contract: a ``Kit``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.catalogues.setting import Setting
from driftrec.agents.figures.figures import FigureTable
from driftrec.agents.logbook.logged_lives import LoggedLives
from driftrec.agents.oracles.top import TopTrue
from driftrec.agents.policy import Observation, Policy
from driftrec.agents.ranker.choice import AnyClick, Choice, OneClick
from driftrec.agents.ranker.fitting import Report
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.loads import Counts
from driftrec.agents.ranker.protocol import Logs
from driftrec.agents.rivals.rival_settings import RIVALS, RivalSettings
from driftrec.agents.setup import Setup
from driftrec.agents.slateq.slateq_settings import SlateQTraining
from driftrec.agents.stock.stock_training import StockSettings
from driftrec.agents.worlds.later import LaterWorld
from driftrec.agents.worlds.rebuilding import cannot_rebuild
from driftrec.agents.worlds.scoring import Changes
from driftrec.agents.worlds.settings import TrainSettings

Reference = Callable[[], Policy]
"""Makes a policy of the world's own."""


@dataclass(frozen=True)
class Effort:
    """How a planner's trade-offs are tuned, where they are.

    Attributes:
        users: Users that each candidate meets.
        rounds: Rounds of tuning.
        retune: Tune now, even where tuned ones are at hand.
    """

    users: int = 128
    rounds: int = 5
    retune: bool = False


@dataclass(frozen=True)
class GapRoles:
    """Which rows of ``driftrec gap --full`` play which part.

    Attributes:
        planner: The reference for the long term.
        rivals: What needs no sequence: indices, constants, diversity.
        top_k: The planner that picks items by themselves.
        paced: An index that keeps one pace for all.
        values: State-aware values from random logs, None where they are not told.
        persona: The planner that knows the persona alone.
    """

    planner: str
    rivals: tuple[str, ...]
    top_k: str
    paced: str
    values: str | None
    persona: str


class Kit:
    """How agents are trained and judged in a world.

    Attributes:
        settings: How our policy is trained.
        slateq: How SlateQ is trained on the ranker of a run of ours.
        stock: How algorithms of stable-baselines3 are trained, by kind; those that fit the world's observations.
        learned_rivals: How rivals are trained on the ranker of a run of ours, by kind.
        tunes_planner: Whether ``planner`` heeds an ``Effort``.
        figures: What ``driftrec verify`` measures: figures of the world's original, None where there is none.
        gap_roles: What the rows of ``gap_policies`` stand for, None where there is no full gap table.
        ablations: Changes to the world's settings that switch a mechanism off, by what is missing then.
        changes: What the scorecard may change it into.
        believes: Whether users tire of topics as ``TopicBelief`` has it.
    """

    settings: TrainSettings = TrainSettings()
    slateq: SlateQTraining = SlateQTraining()
    stock: ClassVar[Mapping[str, StockSettings]] = {}
    learned_rivals: Mapping[str, RivalSettings] = RIVALS
    tunes_planner = False
    figures: ClassVar[FigureTable | None] = None
    gap_roles: ClassVar[GapRoles | None] = None
    ablations: Mapping[str, Mapping[str, Any]] = {}
    changes: Changes = Changes()
    believes = False

    @property
    def plans(self) -> bool:
        """Whether the world has a planner: whether the kit has one of its own."""
        return type(self).planner is not Kit.planner

    @property
    def baselines(self) -> tuple[str, ...]:
        """Policies that need no run, in the order in which they are compared where none are named."""
        return ("random", "myopic-oracle", "planner") if self.plans else ("random", "myopic-oracle")

    def judge(self, setup: Setup, told: Mapping[str, Any], seed: int, farsighted: bool = True) -> Judge:
        """A judge that knows nothing yet.

        Args:
            setup: The world.
            told: Settings by name, those of ``settings`` or what a run keeps of them.
            seed: Seed of the weights.
            farsighted: See ``Judge``.
        """
        raise NotImplementedError

    def future(
        self, setup: Setup, judge: Judge, logs: Logs, settings: Any, *, seed: int, report: Report
    ) -> tuple[NDArray[np.float32], int]:
        """What opening an item does to the engagement after it, for ``Ranker.future``; and environment steps taken.

        Args:
            setup: The world.
            judge: Its ranker is fitted.
            logs: Of random slates, leading axes (steps, users).
            settings: How.
            seed: Source of randomness.
            report: Called with lines of progress.
        """
        raise NotImplementedError

    def myopic_oracle(self, setup: Setup) -> Policy:
        """Most expected engagement in the next step, by the true state: here of items shown alone."""
        return TopTrue(setup.slate_size, setup.world.expected_engagement)

    def planner(self, setup: Setup, effort: Effort, report: Report) -> Policy:
        """The reference for the long term, by the true state.

        Raises:
            ValueError: If none is known, so that what the long term is worth cannot be told.
        """
        raise ValueError(f"{setup.args.world} has no planner; a kit of its own may give it one (docs/own-worlds.md).")

    def planner_in(self, planner: Policy, world: Any) -> Policy:
        """The ``planner`` with the trade-offs that it has, in another world of its kind.

        Raises:
            ValueError: If the world has no planner.
        """
        raise ValueError(f"{type(self).__name__} has no planner; a kit of its own may give it one.")

    def gap_policies(self, setup: Setup, effort: Effort, seed: int, report: Report) -> Iterator[tuple[str, Policy]]:
        """Policies of the full gap table by name, each made when asked for; where there are ``gap_roles``."""
        raise NotImplementedError

    def gap_limit(self, setup: Setup, planner: Policy) -> Policy:
        """The planner of ``gap_policies`` improved by simulation in every step: how near it is to a limit.

        Raises:
            ValueError: If nothing is known that improves it.
        """
        raise ValueError(f"{setup.args.world} has no planner that rollouts improve; leave --rollouts out.")

    def gap_ablation(
        self, setup: Setup, without: Setup, effort: Effort, report: Report
    ) -> Iterator[tuple[str, Policy]]:
        """Those of them that are tuned anew in the world ``without`` something: some ``rivals`` and the planner."""
        raise NotImplementedError

    def references(self, setup: Setup) -> Mapping[str, Reference]:
        """Further policies of the world's own, by name."""
        return {}

    def choice(self, setup: Setup) -> Choice:
        """How users choose, as a ranker learns it."""
        return OneClick(setup.slate_size) if setup.world.one_click else AnyClick(setup.slate_size)

    def topics(self, setup: Setup) -> NDArray[np.int64] | None:
        """Topic of every item without texts, (items,), by which candidates are kept; None where items have none."""
        return None

    def loads(self, setup: Setup, judge: Judge) -> Counts | None:
        """How much of every topic users opened of late, as the observation tells; None where items have no topics."""
        return None

    def trained_in(self, setup: Setup, settings: Any, seed: int) -> Setup:
        """The world as training with ``settings`` meets it."""
        return setup

    def revealed(self, setup: Setup) -> Setup:
        """The same with the users' true state in the observations.

        Raises:
            ValueError: If the world has no such form.
        """
        raise ValueError(f"{setup.args.world} cannot show users' true state; train without --settings.true-state.")

    def item_ids(self, setup: Setup) -> list[str]:
        """What logs call items that have no texts: their numbers, unless the world knows better."""
        return [str(number) for number in range(setup.world.num_items)]

    def rebuilt(self, setup: Setup, lives: LoggedLives) -> Iterator[Observation]:
        """What was observed of a log's users before each of their steps, from the log alone: all of them at a time.

        Rows of users who have no such step hold anything.

        Raises:
            ValueError: If the world's observation holds what no log tells.
        """
        raise cannot_rebuild(setup, lives, ", ".join(setup.world.fields))

    def later(self, setup: Setup, catalogue: Setting, folder: Path) -> LaterWorld:
        """The world with the items of a later catalogue, for policies that were trained before.

        Args:
            setup: The world of the training.
            catalogue: Items with embeddings of their texts.
            folder: New; for what the later world is read from.

        Raises:
            ValueError: If nothing could be known of new items, or the catalogue is no later form of the world's own.
        """
        raise ValueError(f"{setup.args.world} has no texts by which a policy could know new items. Train anew.")

    def note(self, setup: Setup) -> str:
        """What makes figures other than the published ones, in words; empty where nothing is known to."""
        return ""
