"""What opened items brought later, by regression on logs with the true state: indices from logs, and Q1 and Q2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.evaluation.play import Step, play
from driftrec.agents.oracles.told import Logged
from driftrec.agents.policy import Policy
from driftrec.agents.scenarios.feed_pages import MOST, FeedWeights
from driftrec.agents.scenarios.feed_rivals import CONSTANTS
from driftrec.simulators.feed.feed_state import FeedState
from driftrec.simulators.feed.feed_world import FeedWorld
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.vectors import Double, Float

STATE_AWARE = (*CONSTANTS, "bar", "annoyance", "worth", "growth")
"""Weights of Q1 and Q2: those of the planner but for the pace."""

GAMMA = 0.95
"""A step later counts for so much: returns to the horizon are mostly noise."""


def values_from_logs(
    world: FeedWorld, policy: Policy, names: tuple[str, ...], *, seed: int, horizon: int, users: int
) -> FeedWeights:
    """Weights by least squares: what follows a page, discounted, on sums of features over the items it opened.

    Beside them stand numbers of the state before the page, which take what is no item's doing.

    Args:
        world: The world.
        policy: Who shows the pages.
        names: Weights to find, of ``STATE_AWARE``.
        seed: Source of users and of the policy's draws.
        horizon: Steps an episode.
        users: Users of the log.
    """
    logged = Logged(policy)
    _, steps = play(world, logged, user_seeds(seed, "values", users), horizon=horizon, seed=seed)
    rows = list(_rows(world, logged, steps, names, horizon))
    later = np.zeros(users)
    targets = []
    for _, _, reward in reversed(rows):
        targets.append(later)
        later = reward + GAMMA * later
    there = np.concatenate([present for _, present, _ in rows])
    columns = np.concatenate([features for features, _, _ in rows])[there]
    found = np.linalg.lstsq(columns, np.concatenate(targets[::-1])[there], rcond=None)[0]
    signs = [-1.0 if name in ("bar", "annoyance") else 1.0 for name in names]  # what is lost is weighed as positive
    return FeedWeights(**dict(zip(names, (signs * found[: len(names)]).tolist(), strict=True)))


def _rows(
    world: FeedWorld, logged: Logged, steps: Iterator[Step], names: tuple[str, ...], horizon: int
) -> Iterator[tuple[Double, NDArray[np.bool_], Double]]:
    """Columns (users, columns), who was there, and the reward, of every step."""
    for step in steps:
        state = logged.state
        present = np.zeros(len(state.gone), np.bool_)
        present[step.present] = True
        left = np.full(len(present), 1.0 - GAMMA ** (horizon - step.number - 1))
        satisfaction = state.satisfaction.astype(np.float64)
        tired = (state.load / state.threshold).mean(axis=1)
        about = [left, left * satisfaction, left * satisfaction**2, tired, state.bored.sum(axis=1), np.ones(len(left))]
        sums = page_features(world, state, step.items, step.feedback.clicks)
        yield np.column_stack([*(sums[name] for name in names), *about]), present, step.feedback.reward().astype(float)


def page_features(
    world: FeedWorld, state: FeedState, items: NDArray[np.int64], clicks: NDArray[np.bool_]
) -> dict[str, Double]:
    """What ``FeedPages`` weighs, by name of the weight, summed over the opened items of every page, (users,) each."""
    catalogue, users = world.catalogue, np.arange(len(items))
    topics = catalogue.topic[items]  # (users, slate_size)
    above = np.zeros(topics.shape)
    for k in range(1, topics.shape[1]):
        above[:, k] = ((topics[:, :k] == topics[:, k : k + 1]) & clicks[:, :k]).sum(axis=1)

    def of(values: NDArray[Any]) -> NDArray[Any]:
        return values[users[:, None], topics]

    excess = of(state.load + np.float32(1.0) - np.float32(FeedWeights.pace) * state.threshold) + above
    bar = np.clip(excess, 0.0, MOST)
    taste: Float = of(state.taste)
    quality, allure = catalogue.quality[items], catalogue.allure[items]
    worth = world.config.regret.worth(quality, allure, taste)
    features = {
        "opening": np.ones(topics.shape),
        "quality": quality,
        "allure": allure,
        "bar": bar,
        "annoyance": bar * of(state.annoy),
        "worth": worth - state.satisfaction[:, None],
        "growth": np.maximum(of(state.potential) - taste, 0.0) * worth,
    }
    return {name: (values * clicks).sum(axis=1, dtype=np.float64) for name, values in features.items()}
