"""What agents know of a world beyond its contract: a ``Kit``; the defaults serve worlds of texts and of features."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines.common import is_very_large
from driftrec.agents.catalogues.setting import Setting
from driftrec.agents.figures.figures import FigureTable
from driftrec.agents.logbook.logged_lives import LoggedLives
from driftrec.agents.networks.shortlist import Shortlist
from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.networks.user_text import user_words
from driftrec.agents.oracles.top import TopTrue
from driftrec.agents.policy import Context, Observation, Policy
from driftrec.agents.ranker.choice import AnyClick, Choice, OneClick, OneOfMany
from driftrec.agents.ranker.fitting import Report
from driftrec.agents.ranker.item_future import ItemFutureSettings, item_future
from driftrec.agents.ranker.items import OfferedItems, TextItems
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.loads import Counts, FadingLoads
from driftrec.agents.ranker.protocol import Logs
from driftrec.agents.rivals.rival_settings import RIVALS, RivalSettings
from driftrec.agents.setup import Setup
from driftrec.agents.slateq.slateq_settings import SlateQTraining
from driftrec.agents.stock.stock_training import StockSettings
from driftrec.agents.worlds.later import LaterWorld, later_texts
from driftrec.agents.worlds.rebuilding import cannot_rebuild, check_told, rebuilt_past
from driftrec.agents.worlds.scoring import Changes
from driftrec.agents.worlds.settings import TextSettings, TrainSettings
from driftrec.simulators.revealed import TRUE, Revealed

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
        believes: Whether users tire of topics as ``TopicBelief`` has it, by the hour.
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


def shortlist(context: Context, ranker: TextRanker, farsighted: bool) -> Shortlist | None:
    """What stands before a ranker of a large catalogue; None where all items are judged, or some are on offer."""
    return Shortlist(ranker, context.topics, farsighted) if is_very_large(context) else None


class TextKit(Kit):
    """The kit of a world whose items and people have texts, unless it says otherwise.

    Its observations hold what ``StateEncoder`` reads: persona, shown, clicked, age, read_items, read_minutes, read_age,
    clock.
    """

    repeats = False  # whether items are opened again with pleasure
    truths: ClassVar[tuple[str, ...]] = ()  # parts of the hidden truth that an encoder may be told to guess
    settings: TrainSettings = TextSettings()
    slateq = SlateQTraining(validations=6, validation_users=128)

    def judge(self, setup: Setup, told: Mapping[str, Any], seed: int, farsighted: bool = True) -> Judge:
        """A judge over the catalogue, see ``Kit``."""
        ranker = self.ranker(setup, told, seed).to(setup.device)
        context, fields = setup.context, setup.world.fields
        items = OfferedItems(context) if context.offered else TextItems(context, "read_items" in fields)
        return Judge(ranker, items, farsighted, shortlist(context, ranker, farsighted))

    def ranker(self, setup: Setup, told: Mapping[str, Any], seed: int) -> TextRanker:
        """The network of ``judge``, whose arguments these are, over the representation that it is told."""
        name = told["representation"]
        assert setup.setting is not None
        state = told.get("user_state", "numeric")  # earlier versions knew no other
        words = user_words(setup.setting, name, state, setup.slate_size)
        encoder, guesses = told.get("encoder", "fading"), self.guesses(setup) if told.get("told_encoder") else None
        if encoder == "belief" and not self.believes:
            raise ValueError(
                f"Encoder 'belief' is of feeds, whose users tire of topics by the hour; {setup.args.world} is none. "
                "Take fading, recurrent or transformer."
            )
        context, choice = setup.represented(name).context, self.choice(setup)
        read: Any = {"words": words, "encoder": encoder, "told": guesses, "repeats": self.repeats}
        return TextRanker(context, name, seed, choice=choice, **read)

    def guesses(self, setup: Setup) -> dict[str, int]:
        """Numbers of every part of the truth that an encoder may be told to guess; ValueError as of ``telling``."""
        fields = self.telling(setup).world.fields
        return {name: fields[TRUE + name].shape[0] for name in self.truths}

    def telling(self, setup: Setup) -> Setup:
        """The same with the truth in the observations, for encoders that learn to guess it.

        Raises:
            ValueError: If nothing is known that they could be told.
        """
        if not self.truths:
            raise ValueError(
                f"{setup.args.world} does not say what an encoder could be told; train without --settings.told-encoder."
            )
        world: Any = Revealed(setup.world, self.truths)
        return replace(setup, world=world)

    def future(
        self, setup: Setup, judge: Judge, logs: Logs, settings: ItemFutureSettings, *, seed: int, report: Report
    ) -> tuple[NDArray[np.float32], int]:
        """Item by item, from random slates logged for that alone, see ``Kit``."""
        report(f"Random slates to {settings.lanes:,} lanes, {settings.log_steps:,} steps each: what follows an item")
        assert isinstance(judge.ranker, TextRanker)
        items = judge.ranker.items
        columns = None if items.learned else items().cpu().numpy()
        found = item_future(setup.context, setup.envs(settings.lanes), columns, seed=seed, settings=settings)
        return found, settings.lanes * settings.log_steps

    def choice(self, setup: Setup) -> Choice:
        """How users choose; where one item at most is opened, from a catalogue that holds many good ones."""
        return OneOfMany(setup.slate_size) if setup.world.one_click else super().choice(setup)

    def topics(self, setup: Setup) -> NDArray[np.int64] | None:
        """Topic of every item without texts, (items,), by which candidates are kept; None where items have none."""
        return None

    def rebuilt(self, setup: Setup, lives: LoggedLives) -> Iterator[Observation]:
        """Impressions, reads and clock; every user has the first persona, for a log knows none, see ``Kit``."""
        return rebuilt_past(setup, lives)

    def later(self, setup: Setup, catalogue: Setting, folder: Path) -> LaterWorld:
        """By their texts, see ``Kit`` and ``later_texts``."""
        check_told(setup)
        return later_texts(setup, catalogue, folder)

    def loads(self, setup: Setup, judge: Judge) -> Counts | None:
        """Fading counts of the catalogue's topics, see ``Kit``."""
        topics = setup.context.topics
        return None if topics is None else FadingLoads(topics, 12.0, "read_items" in judge.items.keys)

    def trained_in(self, setup: Setup, settings: TextSettings, seed: int) -> Setup:
        """With items withheld and the truth revealed, as ``settings`` say.

        Raises:
            ValueError: If fewer items are left than a slate has positions, only some items are on offer at a time, or
                the world cannot reveal the truth.
        """
        num_items = setup.context.num_items
        count = round(settings.withheld * num_items)
        if count and setup.context.offered:
            raise ValueError(
                f"TextSettings.withheld is {settings.withheld:g}; in {setup.args.world} some items are on offer at a "
                "time, and all are new before long. Train without it."
            )
        if num_items - count < setup.slate_size:
            raise ValueError(
                f"TextSettings.withheld is {settings.withheld:g}, which leaves {num_items - count} of {num_items} "
                f"items for slates of {setup.slate_size}; withhold fewer."
            )
        if count:
            withheld = np.zeros(num_items, np.bool_)
            withheld[np.random.default_rng([seed, count]).permutation(num_items)[:count]] = True
            setup = replace(setup, withheld=withheld)
        if settings.told_encoder:
            return self.telling(setup)
        return self.revealed(setup) if settings.true_state else setup
