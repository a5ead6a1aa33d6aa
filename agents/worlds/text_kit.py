"""What a world whose items and people have texts knows of training, unless it says otherwise: ``TextKit``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines.common import is_very_large
from driftrec.agents.catalogues.setting import Setting
from driftrec.agents.encoders.user_text import user_words
from driftrec.agents.logbook.logged_lives import LoggedLives
from driftrec.agents.networks.shortlist import Shortlist
from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.policy import Context, Observation
from driftrec.agents.ranker.choice import Choice, OneOfMany
from driftrec.agents.ranker.fitting import Report
from driftrec.agents.ranker.item_future import ItemFutureSettings, item_future
from driftrec.agents.ranker.items import OfferedItems, TextItems
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.loads import Counts, FadingLoads
from driftrec.agents.ranker.protocol import Logs
from driftrec.agents.setup import Setup
from driftrec.agents.slateq.slateq_settings import SlateQTraining
from driftrec.agents.worlds.kit import Kit
from driftrec.agents.worlds.later import LaterWorld, later_texts
from driftrec.agents.worlds.rebuilding import check_told, rebuilt_past
from driftrec.agents.worlds.settings import TextSettings, TrainSettings
from driftrec.simulators.revealed import TRUE, Revealed


def shortlist(context: Context, ranker: TextRanker, farsighted: bool) -> Shortlist | None:
    """What stands before a ranker of a large catalogue; None where all items are judged, or some are on offer."""
    return Shortlist(ranker, context.topics, farsighted) if is_very_large(context) else None


class TextKit(Kit):
    """The kit of a world whose items and people have texts, unless it says otherwise.

    Its observations hold what ``StateEncoder`` reads: persona, shown, clicked, age, read_items, read_minutes, read_age,
    clock.
    """

    repeats = False  # whether items are opened again with pleasure
    by_topic: tuple[str, ...] = ()  # fields of the observation that count something by topic
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
                f"Encoder 'belief' is of feeds and of Shop, whose users tire of topics; {setup.args.world} is neither. "
                "Take fading, recurrent or transformer."
            )
        context, choice = setup.represented(name).context, self.choice(setup)
        read: Any = {"words": words, "encoder": encoder, "told": guesses, "repeats": self.repeats}
        counts: Any = {"burden": self.burden(setup), "by_topic": self.by_topic}
        counts["belief_steps"] = told.get("belief_steps")
        return TextRanker(context, name, seed, choice=choice, **read, **counts)

    def burden(self, setup: Setup) -> NDArray[np.float32] | None:
        """What showing each item adds to the load of its topic, (items,); None where opening does, by 1."""
        return None

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
