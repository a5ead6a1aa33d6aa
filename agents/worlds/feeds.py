"""Feeds: the kit, with the planner, its rivals, and what is switched off to see what each mechanism is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from driftrec.agents.baselines.nonpersonalised import Random
from driftrec.agents.oracles.rollouts import Rollouts
from driftrec.agents.policy import Policy
from driftrec.agents.ppo.ppo_settings import PPOSettings
from driftrec.agents.ranker.fitting import Report
from driftrec.agents.ranker.item_future import ItemFutureSettings
from driftrec.agents.ranker.items import OfferedItems, PageItems, RepeatedItems
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.scenarios.feed_kept import kept_pages
from driftrec.agents.scenarios.feed_pages import FeedPages, FeedWeights, Insight
from driftrec.agents.scenarios.feed_rivals import (
    BEST_CONSTANTS,
    CONSTANTS,
    PLANNER,
    RIVALS,
    SONG_RIVALS,
    Rivals,
    variations,
)
from driftrec.agents.scenarios.feed_values import STATE_AWARE, values_from_logs
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.kit import Effort, GapRoles
from driftrec.agents.worlds.scoring import Changes, Edition
from driftrec.agents.worlds.settings import TextSettings
from driftrec.agents.worlds.text_kit import TextKit
from driftrec.simulators.clips import generate_clips, generate_viewers

LOG_USERS = 1500
"""Users of the logs that indices and values are fitted to."""

ABLATIONS: Mapping[str, Mapping[str, Any]] = {
    "no boredom": {"appeal": {"bored": 0.0}, "boredom": {"annoy": 0.0}},
    "no annoyance": {"boredom": {"annoy": 0.0}},
    "thresholds, rest and annoyance alike": {"boredom": {"own": 0.0}},
    "no growth of taste": {"taste": {"growth": 0.0}},
    "no takeaway": {"appeal": {"takeaway": 0.0}},
    "no regret of clickbait": {"regret": {"allure": 0.0}},
    "satisfaction fixed": {"regret": {"rate": 0.0, "skip": 0.0}, "boredom": {"annoy": 0.0}},
    "churn blind to satisfaction": {"habit": {"steep": 0.0}},
    "habits blind to satisfaction": {"habit": {"satisfaction": 0.0}},
}
"""What is switched off in every feed."""


SETTINGS = TextSettings(
    refits=1,
    encoder="belief",
    future=ItemFutureSettings(gamma=0.9, weights=(0.0, 1.0, 2.0, 4.0, 8.0, 16.0)),
    pace=True,
    value_steps=16_384,
    validation_users=256,
    ppo=PPOSettings(
        total_steps=65_536,
        lanes=1024,
        batch_size=8192,
        epochs=4,
        learning_rate=1e-3,
        gamma=1.0,
        target_kl=0.03,
        entropy=0.0,
        candidates=72,
        temper=8.0,
        bootstrap=False,
    ),
)
"""PPO begins as a paced index, which one refit of the ranker serves as well as three, and takes small steps near the
best slates. At temper 3 a draw has 6 % less than these in Music, and PPO learned to serve the draws; with larger steps
it lost what it began with, and with values beyond the horizon it gave up minutes for what never came. What an item is
worth later is read off the ten pages after it: over fifty, as elsewhere, chance hides it (docs/results.md)."""

OF_SONGS = replace(SETTINGS, fit=replace(SETTINGS.fit, lanes=384), future=ItemFutureSettings())
"""Over fifty pages chance hides less of what a song is worth later. Filters of listeners take three times as long."""


class FeedKit(TextKit):
    """Of a feed.

    Args:
        rivals: Its planner and rivals.
        ablations: See ``Kit``; those of every feed are among them.
        edition: Writes other items and people of its kind, None where that is not known.
        repeats: Whether items may be opened with pleasure again.
        settings: How our policy is trained.
    """

    truths = ("interest", "load", "bored", "satisfaction")
    tunes_planner = True
    believes = True
    gap_roles: ClassVar[GapRoles | None] = GapRoles(
        planner=PLANNER,
        rivals=(BEST_CONSTANTS, "index + diversity", "myopic joint", "index from logs", "index refitted"),
        top_k="planner top-k",
        paced="paced index",
        values="Q1",
        persona="planner on the persona alone",
    )

    def __init__(
        self,
        rivals: Rivals = RIVALS,
        ablations: Mapping[str, Mapping[str, Any]] | None = None,
        edition: Edition | None = None,
        repeats: bool = False,
        settings: TextSettings = SETTINGS,
    ) -> None:
        self.settings, self.repeats = settings, repeats
        self.rivals, self.ablations = rivals, {**ABLATIONS, **(ablations or {})}
        self.changes = Changes(
            tastes=("own", "home", "potential", "taste"),
            drift={"taste": {"growth": 0.6, "half_life": 48.0}},
            edition=edition,
        )

    @property
    def baselines(self) -> tuple[str, ...]:
        """Those that read texts, and oracles."""
        return ("random", "popular", "content", "myopic", "myopic-oracle", "planner")

    def judge(self, setup: Setup, told: Mapping[str, Any], seed: int, farsighted: bool = True) -> Judge:
        """A judge over the catalogue, see ``Kit``."""
        judge = super().judge(setup, told, seed, farsighted)
        if self.repeats:
            return Judge(judge.ranker, RepeatedItems(setup.context), farsighted, judge.retriever)
        items = OfferedItems if setup.context.offered else PageItems
        return Judge(judge.ranker, items(setup.context, recalls=True), farsighted, judge.retriever)

    def myopic_oracle(self, setup: Setup) -> Policy:
        """Most minutes of the next page, each item knowing what those above it will take."""
        world: Any = setup.world
        return FeedPages(world)

    def planner(self, setup: Setup, effort: Effort, report: Report) -> FeedPages:
        """Weighs what an opened item does to the user; its weights are tuned by simulation."""
        return self._kept(setup, (PLANNER,), effort, report)[PLANNER]

    def planner_in(self, planner: Policy, world: Any) -> FeedPages:
        """The same weights, see ``Kit``."""
        assert isinstance(planner, FeedPages)
        return FeedPages(world, planner.weights, planner.joint, planner.known)

    def gap_policies(self, setup: Setup, effort: Effort, seed: int, report: Report) -> Iterator[tuple[str, Policy]]:
        """The rows of ``driftrec gap --full``: what chance, myopia, indices, values and planning earn."""
        world: Any = setup.world
        yield "random", Random(setup.context)
        yield "myopic top-k", FeedPages(world, joint=False)
        yield "myopic joint", FeedPages(world)
        for names, first, again in ((CONSTANTS, "index from logs", "index refitted"), (STATE_AWARE, "Q1", "Q2")):
            policy: Policy = Random(setup.context)
            for label in (first, again):
                found = values_from_logs(world, policy, names, seed=seed, horizon=setup.horizon, users=LOG_USERS)
                report(f"{label}: {found}")
                policy = FeedPages(world, found)
                yield label, policy
        tuned = self._kept(setup, tuple(self.rivals), effort, report)
        yield from tuned.items()
        weights = tuned[PLANNER].weights
        yield "planner, usual thresholds", FeedPages(world, weights, known=Insight.USUAL_PACE)
        yield "planner on the persona alone", FeedPages(world, weights, known=Insight.PERSONA)

    def gap_limit(self, setup: Setup, planner: Policy) -> Policy:
        """The planner with its weights varied from page to page by rollouts."""
        assert isinstance(planner, FeedPages)
        return Rollouts(setup.world, planner, variations(planner), horizon=setup.horizon)

    def gap_ablation(
        self, setup: Setup, without: Setup, effort: Effort, report: Report
    ) -> Iterator[tuple[str, Policy]]:
        """The indices and the planner, tuned anew from their weights in the whole world."""
        names = (BEST_CONSTANTS, "index + diversity", PLANNER)
        near = self._kept(setup, tuple(self.rivals), replace(effort, retune=False), report)
        yield from self._kept(without, names, effort, report, {name: near[name] for name in names}).items()

    def _kept(
        self,
        setup: Setup,
        names: tuple[str, ...],
        effort: Effort,
        report: Report,
        near: Mapping[str, FeedPages] | None = None,
    ) -> dict[str, FeedPages]:
        world: Any = setup.world
        users, rounds, retune = effort.users, effort.rounds, effort.retune

        def from_logs() -> Mapping[str, FeedWeights]:
            """What random logs tell the planner."""
            logged = values_from_logs(
                world, Random(setup.context), STATE_AWARE, seed=0, horizon=setup.horizon, users=LOG_USERS
            )
            return {PLANNER: logged}

        return kept_pages(
            world,
            self.rivals,
            names,
            setup.horizon,
            users,
            rounds,
            retune=retune,
            near=near,
            others=from_logs,
            report=report,
        )


SONGS: Mapping[str, Mapping[str, Any]] = {
    "no wear": {"repeats": {"worn_out": 0.0, "annoy": 0.0}},
    "satisfaction fixed": {**ABLATIONS["satisfaction fixed"], "repeats": {"annoy": 0.0}},
    "no familiarity": {"repeats": {"familiar": 0.0}},
    "no moods": {"mood": {"match": 0.0}},
    "no streaks": {"streak": {"hold": 0.0}},
}

NEWS: Mapping[str, Mapping[str, Any]] = {
    "no ageing": {"freshness": {"loss": 0.0}},
    "no breaking topics": {"breaking": {"gain": 0.0}},
}

KITS: dict[str, TextKit] = {
    "driftrec/Music-v0": FeedKit(SONG_RIVALS, SONGS, repeats=True, settings=OF_SONGS),
    "driftrec/NewsStream-v0": FeedKit(RIVALS, NEWS),
    "driftrec/Video-v0": FeedKit(edition=Edition(generate_clips, generate_viewers)),
}
"""By environment id."""
