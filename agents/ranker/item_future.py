"""What opening an item does to the engagement after it, item by item, from logs of random slates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV

from driftrec.agents.baselines import Random
from driftrec.agents.policy import Context, Observation
from driftrec.agents.ranker.future import FutureSettings, engagement_after
from driftrec.agents.ranker.logs import serve
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.offers import MOMENT, items_of
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.vectors import Float

NEIGHBOURS = 4096
"""Openings at about one time: their mean hardly varies by chance, and four million hold a thousand such times."""


@dataclass(frozen=True)
class ItemFutureSettings(FutureSettings):
    """How the engagement after each item is learned, from random slates logged for that alone.

    Attributes:
        lanes: Users served side by side.
        log_steps: Steps a lane of random slates.
    """

    gamma: float = 0.98
    weights: tuple[float, ...] = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 9.0)
    lanes: int = 1024
    log_steps: int = 4000

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(self, lanes=(1, 1e6), log_steps=(1, 1e6))


def item_future(
    context: Context, envs: RecommendationVectorEnv, columns: Float | None, *, seed: int, settings: ItemFutureSettings
) -> Float:
    """Discounted engagement after opening each item, less those after opening the average item, (items,).

    Slates are random, so which item was opened owes little to who the user is and to what came before, and plain
    means over all times an item was opened tell what it does. Where observations tell the moment, items come and go:
    what follows an opening is told from what followed others at about that time, see ``beside_its_time``.

    Args:
        context: What is known of items.
        envs: Environments to log in, autoreset "SameStep", ``settings.lanes`` lanes.
        columns: What describes the items, (items, columns); None where nothing does.
        seed: Source of users and slates.
        settings: How.
    """
    opened, after = log_random(context, envs, seed, settings)
    return pool(opened, after, columns, context.num_items)


def beside_its_time(after: NDArray[np.float64], moment: NDArray[np.float32]) -> NDArray[np.float64]:
    """``after`` less the mean of what followed the ``NEIGHBOURS`` events about its moment, (events,).

    An item is on offer for a while alone. What is good about that while, other items or how much is in the news, is
    none of its doing, and would be its own for ever.
    """
    told = after.copy()
    for run in np.array_split(np.argsort(moment, kind="stable"), max(len(after) // NEIGHBOURS, 1)):
        told[run] -= after[run].mean() if len(run) else 0.0
    return told


def pool(opened: NDArray[np.int64], after: NDArray[np.float64], columns: Float | None, num_items: int) -> Float:
    """Mean of ``after`` by item, less the overall mean, pooled over items, (items,).

    A ridge regression on the items' columns predicts the means (its strength by leave-one-out over items), and the
    rest of an item's own mean counts as far as it is more than noise (empirical Bayes; Efron and Morris, 1973). An
    item never opened gets the prediction.

    Args:
        opened: Item of every event, (events,).
        after: What followed it, (events,).
        columns: See ``item_future``.
        num_items: Items in the catalogue.
    """
    if not len(opened):
        return np.zeros(num_items, np.float32)
    count = np.bincount(opened, minlength=num_items)  # (items,)
    after = after - after.mean()
    mean = np.bincount(opened, after, num_items) / np.maximum(count, 1)
    predicted = np.zeros(num_items) if columns is None else predict(columns, mean, count)
    noise = after.var() / np.maximum(count, 1)  # variance of an item's own mean
    rest = mean - predicted
    signal = max(float(np.average(rest**2 - noise, weights=count)), 0.0)
    shrink = np.where(count > 0, signal / np.maximum(signal + noise, 1e-12), 0.0)
    return (predicted + shrink * rest).astype(np.float32)


def predict(columns: Float, mean: NDArray[np.float64], count: NDArray[np.int64]) -> NDArray[np.float64]:
    """Ridge regression of items' means on their columns, every item weighted by its count, (items,)."""
    scaled = (columns - columns.mean(axis=0)) / np.maximum(columns.std(axis=0), 1e-6)
    seen = count > 0
    if seen.sum() < 3:
        return np.zeros(len(columns))  # too few to tell anything of others
    ridge = RidgeCV(alphas=np.logspace(2, 8, 25) * count.sum() / 1e5)
    ridge.fit(scaled[seen], mean[seen], sample_weight=count[seen])
    return ridge.predict(scaled)


def log_random(
    context: Context, envs: RecommendationVectorEnv, seed: int, settings: ItemFutureSettings
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Items opened under random slates and the discounted engagement after each, both (opened,).

    Where observations tell the moment, the latter is told beside its time.
    """
    policy = Random(context)
    policy.reset(envs.num_envs, seed)
    observation: Observation
    observation, _ = envs.reset(seed=user_seeds(seed, "future", envs.num_envs).tolist())
    shape = (settings.log_steps, envs.num_envs)
    engagement, over = np.zeros(shape), np.zeros(shape, np.bool_)
    moment = np.zeros(shape if MOMENT in observation else (0, 0), np.float32)
    events = []  # (3, opened) a step: step, lane, item
    for t in range(settings.log_steps):
        if moment.size:
            moment[t] = observation[MOMENT][:, 0]
        slates = policy.act(observation)
        items = items_of(observation, slates)
        observation, clicks, _, engagement[t], over[t] = serve(envs, slates)
        lanes, positions = np.nonzero(clicks)
        events.append(np.stack([np.full_like(lanes, t), lanes, items[lanes, positions]]))
    after = engagement_after(engagement, over, settings.gamma)
    tail = min(int(3 / (1 - settings.gamma)), settings.log_steps // 2)  # what comes after these was not seen
    step, lane, item = np.concatenate(events[: settings.log_steps - tail], axis=1)
    followed = after[step, lane]
    return item, beside_its_time(followed, moment[step, lane]) if moment.size else followed
