"""The planner of a feed and its rivals: which weights of ``FeedPages`` each may set, and all tuned by one search."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.evaluation.play import mean_engagement
from driftrec.agents.oracles.cross_entropy import SAMPLES, cross_entropy, one_by_one
from driftrec.agents.scenarios.feed_pages import FeedPages, FeedWeights, Insight
from driftrec.simulators.feed.feed_world import FeedWorld
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.vectors import Double

SPREAD = FeedWeights(
    opening=0.3,
    quality=0.5,
    allure=0.5,
    diversity=0.3,
    bar=1.0,
    annoyance=4.0,
    pace=0.15,
    worth=2.0,
    growth=1.0,
    wear=1.0,
    wear_pace=0.15,
)
"""Standard deviations of the first round's candidates, in mean item lengths; paces as they are."""

CONSTANTS = ("opening", "quality", "allure")


@dataclass(frozen=True)
class Rival:
    """A policy that sets some of the weights.

    Attributes:
        free: Weights that are tuned; the others are as where tuning starts.
        after: The rival whose tuned weights tuning starts from, so that this one is never worse; None for none.
        joint: See ``FeedPages``.
        known: See ``FeedPages``.
    """

    free: tuple[str, ...]
    after: str | None = None
    joint: bool = True
    known: Insight = Insight.ALL

    def pages(self, world: FeedWorld, weights: FeedWeights) -> FeedPages:
        """The policy with these weights."""
        return FeedPages(world, weights, self.joint, self.known)


PLANNER, BEST_CONSTANTS = "planner", "best constants"

RIVALS = {
    BEST_CONSTANTS: Rival(CONSTANTS),
    "index + diversity": Rival((*CONSTANTS, "diversity"), BEST_CONSTANTS),
    "paced index": Rival((*CONSTANTS, "bar", "pace"), BEST_CONSTANTS, known=Insight.USUAL_PACE),
    PLANNER: Rival((*CONSTANTS, "bar", "annoyance", "pace", "worth", "growth"), "paced index"),
    "planner top-k": Rival((*CONSTANTS, "bar", "annoyance", "pace", "worth", "growth"), PLANNER, joint=False),
}
"""By name, in an order in which each comes after the one that it starts from."""

_WEAR = ("wear", "wear_pace")

SONG_RIVALS = {
    name: replace(rival, free=(*rival.free, *_WEAR)) if "bar" in rival.free else rival for name, rival in RIVALS.items()
}
"""The same where items wear."""


def tune_rival(
    world: FeedWorld,
    rival: Rival,
    start: FeedWeights,
    *,
    seed: int,
    horizon: int,
    users: int,
    rounds: int,
    samples: int = SAMPLES,
    report: Callable[[str], None] = lambda line: None,
) -> FeedPages:
    """The rival with its weights tuned by simulation, see ``cross_entropy``.

    Args:
        world: The world to serve in.
        rival: Which weights it may set.
        start: Weights that tuning starts from.
        seed: Source of users and candidates.
        horizon: Steps an episode.
        users: Users a candidate meets, the same for all.
        rounds: Rounds of the search.
        samples: Candidates a round.
        report: Called with a line after every round.
    """
    audience = user_seeds(seed, "planner", users)
    length = float(world.catalogue.minutes.mean())

    def made(weights: Double) -> FeedPages:
        changes = dict(zip(rival.free, weights.tolist(), strict=True))
        return rival.pages(world, replace(start, **changes))

    def earned(weights: Double) -> float:
        return mean_engagement(world, made(weights), audience, horizon)

    def tell(index: int, centre: Double, best: Double, most: float) -> None:
        found = dict(zip(rival.free, best.tolist(), strict=True))
        report(f"round {index + 1} of {rounds}: {most:.1f} {world.unit} with {found}")

    centre = np.array([getattr(start, name) for name in rival.free])
    spread = np.array([getattr(SPREAD, name) * (1.0 if "pace" in name else length) for name in rival.free])
    rng = np.random.default_rng(seed)
    asked = one_by_one(earned)
    return made(cross_entropy(asked, centre, spread, rng=rng, rounds=rounds, samples=samples, report=tell))


def variations(planner: FeedPages) -> list[FeedPages]:
    """Policies that weigh one thing otherwise than the planner, and the myopic one: what rollouts try."""
    world, weights = planner.world, planner.weights
    length = float(world.catalogue.minutes.mean())
    changes = [
        {"opening": weights.opening - 0.3 * length},
        {"opening": weights.opening + 0.3 * length},
        {"bar": 0.4 * weights.bar, "annoyance": 0.4 * weights.annoyance},
        {"bar": 2.0 * weights.bar, "annoyance": 2.0 * weights.annoyance},
        {"quality": weights.quality + 0.5 * length},
        {"allure": weights.allure + 0.3 * length},
        {"worth": weights.worth + 2.0 * length},
        {"growth": weights.growth + length},
        {"wear": 2.0 * weights.wear},
    ]
    return [FeedPages(world, replace(weights, **change)) for change in changes] + [FeedPages(world)]


Rivals = Mapping[str, Rival]


def with_those_before(rivals: Rivals, names: tuple[str, ...]) -> list[str]:
    """Those of these names and those that they start from, in the order of ``rivals``."""
    wanted = set(names)
    for name in reversed(list(rivals)):
        wanted |= {rivals[name].after or name} if name in wanted else set()
    return [name for name in rivals if name in wanted]


def tune_rivals(
    world: FeedWorld,
    rivals: Rivals,
    names: tuple[str, ...],
    *,
    horizon: int,
    users: int,
    rounds: int,
    seed: int = 0,
    near: Mapping[str, FeedWeights] | None = None,
    others: Mapping[str, FeedWeights] | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> dict[str, FeedPages]:
    """The rivals of these names and those that they start from, in the order of ``rivals``; see ``tune_rival``.

    A rival whose weights are in ``near``, as those of a world like this one, starts there, and so needs none before.
    Where weights in ``others``, or those of a rival tuned before that sets nothing more, earn more, it starts from
    these.
    """
    tuned: dict[str, FeedPages] = {}
    near = near or {}
    for name in names if set(names) <= set(near) else with_those_before(rivals, names):
        rival = rivals[name]
        start = near.get(name) or (tuned[rival.after].weights if rival.after else FeedWeights())
        if "bar" in rival.free and not start.bar:
            start = replace(start, bar=float(world.catalogue.minutes.mean()))
        if "wear" in rival.free and not start.wear:
            start = replace(start, wear=float(world.catalogue.minutes.mean()))
        more = [
            pages.weights
            for before, pages in tuned.items()
            if set(rivals[before].free) - {"diversity"} <= set(rival.free)
        ]
        options = [start, *more, *([others[name]] if others and name in others else [])]
        start = _best(world, rival, options, user_seeds(seed, "planner", users), horizon)
        tuned[name] = tune_rival(world, rival, start, seed=seed, horizon=horizon, users=users, rounds=rounds)
        report(f"{name}: {asdict(tuned[name].weights)}")
    return tuned


def _best(
    world: FeedWorld, rival: Rival, options: list[FeedWeights], audience: NDArray[np.uint64], horizon: int
) -> FeedWeights:
    """The weights with which the rival earns most."""
    if len(options) == 1:
        return options[0]
    return max(options, key=lambda weights: mean_engagement(world, rival.pages(world, weights), audience, horizon))
