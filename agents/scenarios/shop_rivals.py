"""Shop: what each kind of foresight is worth, the rivals of one table tuned by simulation with full information."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from driftrec.agents.baselines.common import draw_distinct, step_generator
from driftrec.agents.evaluation.play import play
from driftrec.agents.oracles.search import Budget, Vector, search_weights
from driftrec.agents.policy import Observation, Policy, Slates
from driftrec.agents.scenarios.shop_planner import Picks, ShopPlanner, ShopWeights
from driftrec.agents.scenarios.shop_sight import Knows
from driftrec.simulators import noise
from driftrec.simulators.shop.world import ShopWorld

SPREAD = ShopWeights(
    offer=1.0,
    offer_quality=0.5,
    offer_allure=0.5,
    dear=1.0,
    editorial=1.0,
    editorial_quality=1.0,
    shown=0.5,
    later=1.5,
    diversity=0.5,
    pace=2.0,
    bar=0.2,
    consider=5.0,
    consider_soon=10.0,
    content=20.0,
    hold=5.0,
)
"""Standard deviations of the first round of a search."""

START = ShopWeights(later=1.5)
"""Where searches start: the myopic oracle, which counts what the coming days bring."""

PACED = {"pace": 1.5, "bar": 0.7}
"""Where the search for a pace starts: from no pace, no search of this size finds one."""

PLANNED = {**PACED, "consider": 3.0, "content": 30.0, "hold": 5.0}
"""Where that for a plan starts, for the same reason."""

_NEARBY = 0.4
"""Factor on the spread of weights that another rival's search has found."""

INDEX = ("offer", "offer_quality", "offer_allure", "dear", "editorial", "editorial_quality", "shown", "later")
PACE = ("diversity", "pace", "bar")
PLAN = (*INDEX, *PACE, "consider", "consider_soon", "content", "hold")


@dataclass(frozen=True)
class ShopRival:
    """A kind of policy.

    Attributes:
        free: Names of the ``ShopWeights`` that are tuned; the others are those of ``START``.
        knows: What it is told.
        picks: See ``ShopPlanner``.
        after: Name of the rival from whose weights its search starts, "" for the myopic oracle.
        begins: Weights that it starts from in their place.
    """

    free: tuple[str, ...] = ()
    knows: Knows = "all"
    picks: Picks = "joint"
    after: str = ""
    begins: Mapping[str, float] = field(default_factory=dict)


RIVALS: Mapping[str, ShopRival] = {
    "myopic, top-k": ShopRival(picks="top-k"),
    "myopic, joint": ShopRival(),
    "best constants": ShopRival(INDEX),
    "index + diversity": ShopRival((*INDEX, "diversity"), after="best constants"),
    "paced index": ShopRival((*INDEX, *PACE), knows="usual thresholds", after="index + diversity", begins=PACED),
    "planner": ShopRival(PLAN, after="index + diversity", begins=PLANNED),
    "planner, top-k": ShopRival(PLAN, picks="top-k", after="planner"),
    "planner on counts": ShopRival(PLAN, knows="counts", after="planner"),
    "planner on persona": ShopRival(PLAN, knows="persona"),
}
"""By name. All are told the truth of tastes and needs but the last two; the paced index keeps one bar for all users."""

OFF: Mapping[str, Mapping[str, Any]] = {
    "wear": {"wear": {"threshold": 1e6, "spread": 0.0}},
    "annoyance": {"wear": {"annoyance": 0.0}},
    "own thresholds": {"wear": {"spread": 0.0}},
    "consideration": {"consideration": {"offer": 0.0, "editorial": 0.0}, "purchase": {"base": -4.5}},
    "needs that recur": {"needs": {"durable": 0.0, "period": 0.01}},
    "complements": {"complements": {"strength": 0.0}},
    "later purchases": {"later": {"delay": 0.0}},
    "takeaway": {"browsing": {"takeaway": 0.0}},
}
"""Changes that switch a mechanism off; without consideration, sales are made likely by themselves."""


def made(world: ShopWorld, rival: ShopRival, vector: Vector, start: ShopWeights = START) -> ShopPlanner:
    """The policy of a rival's free weights, the others those of ``start``."""
    told = dict(zip(rival.free, vector.tolist(), strict=True))
    return ShopPlanner(world, replace(start, **told), rival.knows, rival.picks)


def tuned_rival(
    world: ShopWorld,
    rival: ShopRival,
    horizon: int,
    budget: Budget,
    report: Callable[[str], None] = lambda line: None,
    start: ShopWeights = START,
) -> ShopPlanner:
    """The rival of the best weights found from ``start`` on."""
    start = replace(start, **rival.begins)
    first, spread = (np.array([getattr(each, name) for name in rival.free]) for each in (start, SPREAD))
    if rival.after:
        spread *= [_NEARBY if name in RIVALS[rival.after].free else 1.0 for name in rival.free]
    if not rival.free:
        return made(world, rival, first, start)
    best, _ = search_weights(
        world, lambda vector: made(world, rival, vector, start), first, spread, horizon, budget, report
    )
    return made(world, rival, best, start)


def shop_variations(planner: ShopPlanner) -> list[ShopPlanner]:
    """Policies that weigh one thing otherwise than the planner, and the myopic one: what rollouts try."""
    w = planner.weights
    changes: list[dict[str, float]] = [
        {"offer": w.offer - 2.0},
        {"offer": w.offer + 2.0},
        {"editorial": w.editorial + 1.0},
        {"pace": 0.4 * w.pace},
        {"pace": 2.5 * w.pace},
        {"consider": 3.0 * w.consider, "consider_soon": 3.0 * w.consider_soon},
        {"content": 0.4 * w.content},
        {"content": 2.5 * w.content},
        {"hold": 0.0},
        {"hold": 2.5 * w.hold},
    ]
    return [ShopPlanner(planner.world, replace(w, **change)) for change in changes] + [
        ShopPlanner(planner.world, START)
    ]


class RandomPages:
    """Random pages without repeats."""

    def __init__(self, world: ShopWorld) -> None:
        self._world = world

    def reset(self, num_users: int, seed: int) -> None:
        """Start over."""
        self._users, self._seed, self._step = num_users, seed, 0

    def act(self, observation: Observation) -> Slates:
        """Pages, (users, slate_size)."""
        self._step += 1
        draws = step_generator(self._seed, self._step).random((self._users, self._world.slate_size))
        return draw_distinct(draws, self._world.num_items)


@dataclass(frozen=True)
class Outcome:
    """What a policy earned.

    Attributes:
        mean: A user and episode.
        error: Its standard error over users.
        views: Share of things shown that were looked at.
    """

    mean: float
    error: float
    views: float


def judged(world: ShopWorld, policy: Policy, horizon: int, users: int, seed: int) -> Outcome:
    """Let a policy serve users that no tuning met."""
    total, views, shown = np.zeros(users), 0, 0
    _, steps = play(world, policy, noise.user_seeds(seed, "judged", users), horizon=horizon, seed=seed)
    for step in steps:
        total += step.feedback.reward()
        views += int(step.feedback.clicks.sum())
        shown += step.present.size * world.slate_size
    return Outcome(float(total.mean()), float(total.std() / np.sqrt(users)), views / shown)


def weights_told(weights: ShopWeights) -> dict[str, float]:
    """The weights that are not 0, rounded."""
    return {name: round(value, 3) for name, value in asdict(weights).items() if value}


def gap_table(
    world: ShopWorld, horizon: int, budget: Budget, users: int, seed: int, report: Callable[[str], None] = print
) -> tuple[dict[str, Outcome], dict[str, ShopWeights]]:
    """Every rival tuned and judged: outcomes by name, and the weights found.

    Args:
        world: Where.
        horizon: Steps of an episode.
        budget: Of each search.
        users: Users that judge, met by no search.
        seed: Of these.
        report: Called with a line a rival.
    """
    policies: dict[str, Policy] = {"random": RandomPages(world)}
    outcomes: dict[str, Outcome] = {}
    found: dict[str, ShopWeights] = {"": START}
    for name, rival in {**dict.fromkeys(policies), **RIVALS}.items():
        if rival is not None:
            policies[name] = policy = tuned_rival(world, rival, horizon, budget, start=found[rival.after])
            found[name] = policy.weights
        outcomes[name] = judged(world, policies[name], horizon, users, seed)
        report(f"{name}: {outcomes[name]} {weights_told(found[name]) if name in found else ''}")
    return outcomes, found


def switched_off(
    goods_world: Callable[[Mapping[str, Any]], ShopWorld],
    found: Mapping[str, ShopWeights],
    horizon: int,
    budget: Budget,
    users: int,
    seed: int,
    report: Callable[[str], None] = print,
) -> dict[str, tuple[Outcome, Outcome]]:
    """The planner and the best rule without memory where one mechanism is switched off, both tuned again.

    Args:
        goods_world: Makes the world of changes to its configuration.
        found: Weights to start from, of ``gap_table``.
        horizon: As of ``gap_table``, like the next four.
        budget: Of each search.
        users: That judge.
        seed: Of these.
        report: Called with a line a mechanism.
    """
    outcomes = {}
    for name, changes in OFF.items():
        world = goods_world(changes)
        pair = [
            judged(world, tuned_rival(world, RIVALS[kind], horizon, budget, start=found[kind]), horizon, users, seed)
            for kind in ("planner", "index + diversity")
        ]
        outcomes[name] = (pair[0], pair[1])
        report(f"without {name}: planner {pair[0]}, index + diversity {pair[1]}")
    return outcomes
