"""Shop: what a page brought later, by regression on logs with the true state: an index from logs, and Q1 and Q2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.evaluation.play import Step, mean_engagement, play
from driftrec.agents.oracles.search import Budget
from driftrec.agents.oracles.told import Logged
from driftrec.agents.policy import Policy
from driftrec.agents.scenarios.shop_planner import ShopPlanner, ShopWeights
from driftrec.agents.scenarios.shop_rivals import PACE, PLAN, START
from driftrec.agents.scenarios.shop_sight import sight_of
from driftrec.simulators import noise
from driftrec.simulators.shop.customers import ShopState
from driftrec.simulators.shop.world import ShopWorld, logistic
from driftrec.simulators.vectors import Double

STATE_AWARE = tuple(name for name in PLAN if name != "bar")
"""Weights of Q1 and Q2: those of the planner; of the bar, the best of ``BARS``."""

BARS = (0.5, 0.65, 0.8, 0.95)
"""Parts of the threshold of wear above which the pace may cost."""

FACTORS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""What weights found are multiplied by: later visits of the log are not those that a better policy would have."""

GAMMA = 0.97
"""A visit later counts for so much: returns to the horizon are mostly noise."""


def policy_from_logs(
    world: ShopWorld, policy: Policy, names: tuple[str, ...], *, horizon: int, users: int, budget: Budget
) -> ShopPlanner:
    """The policy of ``weights_from_logs``, times the factors that pay most for the users of ``budget``.

    One factor is on all weights, and then another one on those of the pace: pages that sell little hardly tell what
    annoyance costs, and least squares makes much too little of both.

    Args:
        world: Where.
        policy: Who shows the pages of the log.
        names: Weights to find: ``INDEX`` or ``STATE_AWARE``.
        horizon: Steps an episode.
        users: Users of the log.
        budget: Tells the users that choose among ``FACTORS``, and the seed.
    """
    weights = weights_from_logs(world, policy, names, horizon, users, budget.seed)
    tuning = noise.user_seeds(budget.seed, "search", budget.users)
    groups = set(names) - {"later"}, set(names) & set(PACE)  # later: a number of days, and no value to scale
    for group in filter(None, groups):
        candidates = [_scaled(world, weights, group, factor) for factor in FACTORS]
        returns = [mean_engagement(world, each, tuning, horizon) for each in candidates]
        weights = candidates[int(np.argmax(returns))].weights
    return ShopPlanner(world, weights)


def _scaled(world: ShopWorld, weights: ShopWeights, group: set[str], factor: float) -> ShopPlanner:
    return ShopPlanner(world, replace(weights, **{name: factor * getattr(weights, name) for name in group}))


def weights_from_logs(
    world: ShopWorld, policy: Policy, names: tuple[str, ...], horizon: int, users: int, seed: int
) -> ShopWeights:
    """Weights by least squares: what follows a page's own sales, discounted, on what the planner weighs of the page.

    Beside it stand numbers of the state before the page, which take what is no item's doing.
    """
    logged = Logged(policy)
    _, steps = play(world, logged, noise.user_seeds(seed, "logs", users), horizon=horizon, seed=seed)
    rows = list(_rows(world, logged, steps, horizon))
    later, targets = np.zeros(users), []
    for row in reversed(rows):
        targets.append(row["later"] + GAMMA * later)
        later = row["sold"] + targets[-1]
    there = np.concatenate([row["present"] for row in rows]) > 0
    target = np.concatenate(targets[::-1])[there]
    fits = []
    for bar in BARS if "pace" in names else (START.bar,):
        columns = [f"pace {bar}" if name == "pace" else name for name in names]
        table = [np.concatenate([row[column] for row in rows])[there] for column in (*columns, *_about(rows[0]))]
        matrix = np.column_stack(table)
        found = np.linalg.lstsq(matrix, target, rcond=None)[0]
        fits.append((float(np.square(matrix @ found - target).sum()), bar, found[: len(names)].tolist()))
    _, bar, weights = min(fits)
    return ShopWeights(**{**asdict(START), **dict(zip(names, weights, strict=True)), "bar": bar})


def _about(row: dict[str, Double]) -> list[str]:
    return [name for name in row if name.startswith("state")]


def _rows(world: ShopWorld, logged: Logged, steps: Iterator[Step], horizon: int) -> Iterator[dict[str, Double]]:
    """Columns by name, (users,) each, of every step."""
    for step in steps:
        state, feedback = logged.state, step.feedback
        present = np.zeros(len(state.gone))
        present[step.present] = 1.0
        sold = feedback.engagement.sum(axis=1, dtype=np.float64)
        about = _of_state(world, state, 1.0 - GAMMA ** (horizon - step.number - 1))
        yield {
            "present": present,
            "sold": sold,
            "later": feedback.reward() - sold,
            **visit_features(world, state, step.slates, feedback.clicks, feedback.engagement > 0),
            **{f"state {place}": values for place, values in enumerate(about)},
        }


def _of_state(world: ShopWorld, state: ShopState, left: float) -> list[Double]:
    """What a user's later purchases depend on besides the page, (users,) each; ``left`` of the discounted future."""
    urge = world.urge(state)
    minds = (world.hazards(state)[: world.config.memory].T * world.gain[state.minds.items]).sum(axis=1)
    satisfaction = state.satisfaction
    worn = np.minimum(state.wear / state.threshold, 1.0)
    sums = [urge, state.consideration, urge * state.consideration, state.rate, state.muted, worn]
    parts = [minds, satisfaction, satisfaction**2, state.often, *(each.sum(axis=1) for each in sums)]
    ones = np.ones(len(satisfaction))
    return [ones, left * ones, *(left * each.astype(float) for each in parts)]


def visit_features(
    world: ShopWorld, state: ShopState, slates: NDArray[np.int64], viewed: NDArray[Any], bought: NDArray[Any]
) -> dict[str, Double]:
    """What ``ShopPlanner`` weighs, by name of the weight, summed over every page, (users,) each; a pace for each bar.

    Args:
        world: Where.
        state: Before the page.
        slates: What was shown, (users, slate_size).
        viewed: What was looked at, the same shape.
        bought: What was bought at once, the same shape.
    """
    goods, config = world.catalogue, world.config
    users = np.arange(len(slates))[:, None]
    topic, offer = goods.topic[slates], world.offer[slates].astype(float)
    sight = sight_of(world, state, np.arange(len(slates)), "all")
    wears = np.where(offer > 0, 1.0, config.wear.editorial)
    above = _above(topic, wears)
    lacks = 1.0 - sight.consideration[users, topic]
    gain = lacks * np.where(offer > 0, config.consideration.offer, config.consideration.editorial)
    wanted = sight.wanted[users, topic] * gain
    worth = world.worth[slates]
    aim = np.where(offer > 0, worth, np.minimum(1.3 * worth, 1.0))
    won = np.where(offer > 0, config.contentment.bought * bought, config.contentment.editorial)
    hazard = config.later.delay * logistic(sight.buy[users, slates] - np.float32(config.later.hesitation))
    if_viewed = {
        "offer": offer,
        "offer_quality": offer * goods.quality[slates],
        "offer_allure": offer * goods.allure[slates],
        "dear": offer * np.log(np.maximum(goods.price[slates], 1) / 10),
        "editorial": 1.0 - offer,
        "editorial_quality": (1.0 - offer) * worth,
        "later": hazard * ~bought * world.gain[slates],
        "consider": wanted,
        "consider_soon": wanted * sight.soon[users, topic],
        "content": won * (aim - sight.satisfaction[:, None]),
        "hold": -(bought * lacks),
    }
    load = sight.wear[users, topic] + above + wears
    if_shown = {
        "shown": offer,
        "diversity": -above,
        **{f"pace {bar}": -np.clip(load - bar * sight.threshold[users, topic], 0, 3) * wears for bar in BARS},
    }
    features = {name: values * viewed for name, values in if_viewed.items()} | if_shown
    return {name: values.sum(axis=1, dtype=np.float64) for name, values in features.items()}


def _above(topic: NDArray[np.int64], wears: Double) -> Double:
    """What things of its category above a position wear, (users, slate_size)."""
    above = np.zeros(topic.shape)
    for k in range(1, topic.shape[1]):
        above[:, k] = ((topic[:, :k] == topic[:, k : k + 1]) * wears[:, :k]).sum(axis=1)
    return above
