"""What opening an item does to the minutes that come after it, learned from logs of random slates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV

from driftrec.agents.baselines import Random
from driftrec.agents.evaluation.mean_engagement import mean_engagement
from driftrec.agents.policy import Context, Observation
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.logs import serve
from driftrec.agents.ranker.text_ranker import Ranker
from driftrec.agents.setup import WorldSetup
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.ranges import check_ranges

Float = NDArray[np.float32]
Report = Callable[[str], None]


@dataclass(frozen=True)
class FutureSettings:
    """How the future is learned.

    Attributes:
        lanes: Users served side by side.
        log_steps: Steps a lane of random slates.
        gamma: Discount a step of the minutes to come.
        weights: Weights of the future that are tried; the best is kept.
        users: Users of a try.
    """

    lanes: int = 1024
    log_steps: int = 4000
    gamma: float = 0.98
    weights: tuple[float, ...] = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 9.0)
    users: int = 128

    def __post_init__(self) -> None:
        check_ranges(self, lanes=(1, 1e6), log_steps=(1, 1e6), gamma=(0, 0.999), users=(1, 1e6))
        if not self.weights:
            raise ValueError("FutureSettings.weights is empty; give at least one, such as 0.")


def weigh_future(
    setup: WorldSetup, ranker: Ranker, future: Float, *, seed: int, settings: FutureSettings, report: Report
) -> None:
    """Set ``ranker.future`` to ``future`` times the weight that serves best.

    Under random slates little is to come, under better ones more: the same item then does more. The one weight that
    makes up for it is found by serving users with each.
    """
    users = user_seeds(seed, "future weight", settings.users)
    tried = {}
    for weight in settings.weights:
        ranker.future.copy_(torch.from_numpy(np.float32(weight) * future))
        policy = Greedy(Judge(ranker, farsighted=True))
        tried[weight] = mean_engagement(setup.world, policy, users, setup.horizon)
        report(f"Weight {weight:g} of the minutes to come: {tried[weight]:.1f} minutes an episode")
    ranker.future.copy_(torch.from_numpy(np.float32(max(tried, key=tried.__getitem__)) * future))


def fit_future(
    context: Context, envs: RecommendationVectorEnv, columns: Float | None, *, seed: int, settings: FutureSettings
) -> Float:
    """Discounted minutes after opening each item, less those after opening the average item, (items,).

    Slates are random, so which item was opened owes little to who the user is and to what came before, and plain
    means over all times an item was opened tell what it does.

    Args:
        context: What is known of items.
        envs: Environments to log in, autoreset "SameStep", ``settings.lanes`` lanes.
        columns: What describes the items, (items, columns); None where nothing does.
        seed: Source of users and slates.
        settings: How.
    """
    opened, after = log_random(context, envs, seed, settings)
    return pool(opened, after, columns, context.num_items)


def pool(opened: NDArray[np.int64], after: NDArray[np.float64], columns: Float | None, num_items: int) -> Float:
    """Mean of ``after`` by item, less the overall mean, pooled over items, (items,).

    A ridge regression on the items' columns predicts the means (its strength by leave-one-out over items), and the
    rest of an item's own mean counts as far as it is more than noise (empirical Bayes; Efron and Morris, 1973). An
    item never opened gets the prediction.

    Args:
        opened: Item of every event, (events,).
        after: What followed it, (events,).
        columns: See ``fit_future``.
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
    context: Context, envs: RecommendationVectorEnv, seed: int, settings: FutureSettings
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Items opened under random slates and the discounted minutes after each, both (opened,)."""
    policy = Random(context)
    policy.reset(envs.num_envs, seed)
    observation: Observation
    observation, _ = envs.reset(seed=user_seeds(seed, "future", envs.num_envs).tolist())
    shape = (settings.log_steps, envs.num_envs)
    opened, minutes, over = np.full(shape, -1), np.zeros(shape), np.zeros(shape, np.bool_)
    for t in range(settings.log_steps):
        slates = policy.act(observation)
        observation, choice, minutes[t], over[t] = serve(envs, slates)
        lanes = np.flatnonzero(choice < context.slate_size)
        opened[t, lanes] = slates[lanes, choice[lanes]]
    after = minutes_after(minutes, over, settings.gamma)
    tail = min(int(3 / (1 - settings.gamma)), settings.log_steps // 2)
    whole = slice(0, settings.log_steps - tail)  # what comes after the last steps was not seen
    kept = opened[whole] >= 0
    return opened[whole][kept], after[whole][kept]


def minutes_after(minutes: NDArray[np.float64], over: NDArray[np.bool_], gamma: float) -> NDArray[np.float64]:
    """Discounted sum of the minutes of later steps of the same episode, all (steps, lanes)."""
    after = np.zeros_like(minutes)
    for t in range(len(minutes) - 2, -1, -1):
        after[t] = np.where(over[t], 0.0, gamma * (minutes[t + 1] + after[t + 1]))
    return after
