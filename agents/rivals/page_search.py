"""The prices of pages that earn most, by simulation: diversity first, and from there on a pace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.engines.engine import Engine, Tell
from driftrec.agents.engines.processes import engine_of
from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.evaluation.keep_best import Progress
from driftrec.agents.evaluation.play import tried
from driftrec.agents.oracles.cross_entropy import cross_entropy
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.loads import BelievedLoads, Counts, Loads
from driftrec.agents.ranker.pace import Pace, PageNumbers, PageWeights
from driftrec.agents.rivals.best_so_far import BestSoFar
from driftrec.agents.rivals.rival_settings import PriceSettings
from driftrec.agents.rivals.topic_pages import TopicPages
from driftrec.agents.setup import Setup
from driftrec.agents.snapshots.snapshots import NOTHING_KEPT, Snapshots
from driftrec.agents.snapshots.tree import Tree
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.vectors import Double
from driftrec.simulators.world import World

SPREAD = PageWeights(
    future=0.5, opening=0.3, diversity=0.3, price=0.5, bar=1.0, half_life=1.0, tired=0.5, growth=1.0, wear=1.0
)
"""Standard deviations of the first round's candidates: of those in ``PRICES`` in engagements of one opening, of the
half-life in doublings."""

PRICES = ("opening", "diversity", "price", "tired", "growth", "wear")

PACE = {"price": 0.5, "bar": 3.0}
"""Where the search of a pace begins, in the same units: below the usual load of nobody who is not bored."""

BELIEVED = {
    **{"future": 0.45, "opening": 0.15, "diversity": 0.4, "price": 0.7, "bar": 2.0},
    **{"tired": 0.4, "growth": 0.7, "wear": 1.6},
}
"""Where one begins that knows what is believed, in the same units: near what was found in Video and in Music."""

COUNTED = {
    **{"future": 0.77, "opening": 0.6, "diversity": 1.0, "price": 0.24, "bar": 2.4},
    **{"half_life": 15.0, "tired": 0.4},
}
"""The same of a rival on the same ranker, one bar for all users: what two searches in a row found in Video."""


@dataclass(frozen=True)
class SearchStage:
    """One search.

    Attributes:
        free: Weights that it sets.
        begin: Weights that are set before it begins.
    """

    free: tuple[str, ...]
    begin: Mapping[str, float] = field(default_factory=dict)


PAGE = ("future", "opening", "diversity", "tired", "growth", "wear")
"""What a page costs by itself."""

PACED = (*PAGE, "price", "bar", "half_life")

STAGES: Mapping[str, tuple[SearchStage, ...]] = MappingProxyType(
    {
        "diverse": (SearchStage(PAGE),),
        "paced": (SearchStage(PAGE), SearchStage(PACED, begin=PACE)),
        "again": (SearchStage(PACED),),
    }
)
"""Searches by kind, each from the best of the one before it; "again" is for prices that were found before."""

NEAR_THE_BEST: Mapping[str, tuple[SearchStage, ...]] = MappingProxyType(
    {
        **STAGES,
        "believed": (SearchStage((*PAGE, "price", "bar"), begin=BELIEVED),),
        "paced": (SearchStage(PACED, begin=COUNTED),),
    }
)
"""The same on rankers that believe. What begins near the best needs no search of single pages first."""


def paces(judge: Judge, loads: Counts | None, asked: bool) -> Loads | None:
    """The loads that PPO's prices of pages look at, those believed where a ranker does.

    None where it is not asked to have any, or nothing is known.
    """
    if loads is None or not asked or not judge.ranker.choice.several:
        return None
    return BelievedLoads(loads.topic, judge.ranker.wears, loads.burden) if judge.ranker.believes else loads


class PageSearch:
    """Searches weights of pages that earn most by the cross-entropy method, on simulated users.

    Every candidate meets the same users and noise. After every round the mean of its best is measured on other users,
    and the best by these is what is kept.

    Args:
        setup: World.
        judge: Farsighted, made ready to serve; not changed.
        loads: What is known of topics.
        kind: A key of ``STAGES``, or of ``NEAR_THE_BEST`` where the ranker believes.
        settings: How.
        seed: Source of users and candidates.
        curve: Measures.
        progress: Called after every measurement.
        begin: Prices that the first search begins with; none, and all of the future, when omitted.
        snapshots: Keep what the candidates of every round earned; the search asks those that are kept no more.
        joint: See ``TopicPages``.
        engine: Where candidates are tried; see ``engine_of`` when omitted.

    Attributes:
        network: The best so far.
        steps: Environment steps taken.
    """

    def __init__(
        self,
        setup: Setup,
        judge: Judge,
        loads: Loads,
        kind: str,
        settings: PriceSettings,
        *,
        seed: int,
        curve: Curve,
        progress: Progress = lambda steps, engagement: None,
        begin: PageWeights | None = None,
        snapshots: Snapshots = NOTHING_KEPT,
        joint: bool = True,
        engine: Engine | None = None,
    ) -> None:
        self._engine = engine or engine_of(judge.device, setup.world.num_items)
        self.setup, self.judge, self.loads, self.kind, self.settings = setup, judge, loads, kind, settings
        self._stages = (NEAR_THE_BEST if judge.ranker.believes else STAGES)[kind]
        # What was kept of a search that began elsewhere is of other candidates.
        self._kept_as = kind if self._stages is STAGES.get(kind, self._stages) else f"{kind}-near"
        self._joint, self.steps, self._best = joint, 0, BestSoFar(curve, kind, progress)
        self._seed, self._users, self._snapshots = seed, user_seeds(seed, "rival", settings.users), snapshots
        self.network = PageNumbers(begin or PageWeights(future=1.0, half_life=loads.half_life or 1.0))

    @property
    def best_at(self) -> int:
        """Environment steps after which the best was found."""
        return self._best.at

    @property
    def pace(self) -> Pace:
        """The best so far."""
        return Pace(self.loads, self.network.weights())

    def run(self) -> None:
        """Search."""
        self._unit = self._engagement()
        self._measure(self.network.weights())
        for number, stage in enumerate(self._stages):
            self._search(stage, number)

    def _search(self, stage: SearchStage, number: int) -> None:
        """One stage, from the best so far."""
        settings = self.settings
        idle = {"half_life"} if self.loads.half_life is None else set()
        idle |= set() if self.judge.ranker.past_numbers else {"tired"}
        idle |= set() if self.loads.grows else {"growth"}
        idle |= set() if self.loads.wears else {"wear"}
        idle |= set() if self._joint else {"diversity"}
        begin = {name: value * self._scale(name) for name, value in stage.begin.items() if name not in idle}
        start = replace(self.network.weights(), **begin)
        free = [name for name in stage.free if name not in idle]
        spread = np.array([getattr(SPREAD, name) * self._scale(name) for name in free])

        def made(vector: Double) -> PageWeights:
            return replace(start, **{name: _number(name, value) for name, value in zip(free, vector, strict=True)})

        def earned(candidates: Double) -> Double:
            pages = [self._pages(made(vector)) for vector in candidates]
            jobs = [_Trial(self.setup.world, each, self._users, self.setup.horizon) for each in pages]
            found = list(self._engine.map(_tried, jobs, lambda line: None))
            self.steps += sum(taken for _, taken in found)
            return np.array([engagement for engagement, _ in found])

        def known(index: int, ask: Callable[[], Double]) -> Double:
            def asked() -> Tree:
                return {"earned": ask(), "steps": self.steps}

            found = self._snapshots.stage(f"{self._kept_as}-{number}-{index}", self.network, asked)
            self.steps = found["steps"]
            return found["earned"]

        cross_entropy(
            earned,
            np.array([_place(name, getattr(start, name)) for name in free]),
            spread,
            rng=np.random.default_rng([self._seed, number]),
            rounds=max(1, settings.rounds // len(self._stages)),
            samples=settings.samples,
            narrowing=(0.7, 0.3),  # slowly: elites are few
            again=True,
            known=known,
            report=lambda index, centre, best, most: self._measure(made(centre)),  # the best was lucky, too
        )

    def _measure(self, weights: PageWeights) -> None:
        """Keep ``weights`` if the users who choose like them better than any before."""
        if self._best.beaten_by(self._pages(weights), self.steps):
            self.network.hold(weights)

    def _pages(self, weights: PageWeights) -> TopicPages:
        return TopicPages(self.judge, self.loads, self.setup.slate_size, weights, self._joint)

    def _scale(self, name: str) -> float:
        """Unit of a weight in ``SPREAD`` and ``PACE``."""
        if name == "bar":
            return self.loads.bar
        return self._unit if name in PRICES else 1.0

    def _engagement(self) -> float:
        """Of one opening, mean over what the ranker would show new users, times the unit of the settings."""
        world = self.setup.world
        view = self.judge.view(world.observe(world.reset(self._users)))
        best = np.argpartition(-view.gains, self.setup.slate_size - 1, axis=1)[:, : self.setup.slate_size]
        return self.settings.unit * float(np.take_along_axis(view.engagement, best, axis=1).mean())


@dataclass(frozen=True)
class _Trial:
    """Pages that users of a world are to be served with, see ``tried``."""

    world: World[Any]
    pages: TopicPages
    users: NDArray[np.uint64]
    horizon: int


def _tried(trial: _Trial, tell: Tell) -> tuple[float, int]:
    """What they earn, and environment steps taken."""
    return tried(trial.world, trial.pages, trial.users, trial.horizon)


def _place(name: str, weight: float) -> float:
    """Where a weight stands in the search: half-lives by doublings, the others as they are."""
    return float(np.log2(weight)) if name == "half_life" else weight


def _number(name: str, place: float) -> float:
    """The weight at a place of the search; prices below 0 would be rewards of more of the same."""
    if name == "half_life":
        return float(np.exp2(np.clip(place, -20.0, 20.0)))
    return float(max(place, 0.0) if name in ("diversity", "price") else place)
