"""Fitting the ranker of a published world to logged slates, and learning what an item does to the engagement after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from driftrec.agents.evaluation.mean_engagement import tried
from driftrec.agents.ranker.feature_judge import BestSlates, Judge
from driftrec.agents.ranker.feature_logs import Logs
from driftrec.agents.ranker.feature_ranker import FeatureRanker
from driftrec.agents.ranker.future import minutes_after
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.world import World

Report = Callable[[str], None]


@dataclass(frozen=True)
class FitSettings:
    """How the ranker is fitted.

    Attributes:
        lanes: Users served side by side while logging.
        log_steps: Steps a lane in each round of logging: random slates first, the ranker's own with noise after.
        rounds: Rounds of logging and fitting.
        epochs: Passes over all logs in a round.
        batch_size: Steps a gradient.
        learning_rate: Adam's step size at the start; falls to 0 over a round (cosine).
        noise: Scale of the Gumbel noise on appeal when logging own slates.
        gamma: Discount a step of the engagement to come.
        weights: Weights of the engagement to come that are tried; the best is kept. 0 alone leaves it out.
        users: Users of a try.
    """

    lanes: int = 256
    log_steps: int = 100
    rounds: int = 2
    epochs: int = 4
    batch_size: int = 512
    learning_rate: float = 3e-3
    noise: float = 0.5
    gamma: float = 0.95
    weights: tuple[float, ...] = (0.0,)
    users: int = 128

    def __post_init__(self) -> None:
        check_ranges(self, lanes=(1, 1e6), log_steps=(1, 1e6), rounds=(1, 1e3), epochs=(1, 1e3), batch_size=(2, 1e9))
        check_ranges(self, learning_rate=(0, 10), noise=(0, 100), gamma=(0, 0.9999), users=(1, 1e6))
        if not self.weights:
            raise ValueError("FitSettings.weights is empty; give at least one, such as 0.")


def fit(ranker: FeatureRanker, logs: Logs, settings: FitSettings, seed: int, report: Report) -> None:
    """Fit ``ranker`` to ``logs`` (one leading axis) in place, by Adam with a cosine schedule."""
    ranker.train()
    ranker.scaler.learn(logs.state)
    if logs.clicks.any():
        ranker.unit.copy_(logs.engagement[logs.clicks].mean())
    optimizer = torch.optim.Adam(ranker.parameters(), settings.learning_rate)
    batches = -(-len(logs) // settings.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.epochs * batches)
    generator = torch.Generator().manual_seed(seed)
    for epoch in range(settings.epochs):
        total = 0.0
        for index in torch.randperm(len(logs), generator=generator).split(settings.batch_size):
            batch = logs[index]
            loss = ranker.loss(ranker.scaler(batch.state), batch.columns, batch.clicks, batch.engagement)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(index)
        if not np.isfinite(total):
            raise ValueError(
                f"The ranker diverged in pass {epoch + 1}: its loss is {total}. "
                f"Lower FitSettings.learning_rate, which is {settings.learning_rate:g}."
            )
        report(f"Ranker, pass {epoch + 1} of {settings.epochs} over {len(logs):,} steps: loss {total / len(logs):.4f}")
    ranker.eval()


def engagement_to_come(logs: Logs, gamma: float) -> NDArray[np.float32]:
    """What one more of a column of the item opened does to the discounted engagement after it, (item_width,).

    A ridge regression over the steps of random slates, of the engagement from the next step to the end of the episode
    on the columns of what was opened, none where nothing was. The state before the step, and how long and how
    rewarding the episode has been, take what is not the item's doing. Episodes whose end was not seen are left out.

    Args:
        logs: Of random slates, leading axes (steps, users).
        gamma: Discount a step.
    """
    engagement, over = logs.engagement.sum(dim=2).numpy().astype(np.float64), logs.over.numpy()
    after = minutes_after(engagement, over, gamma)  # (steps, users)
    ends = np.logical_or.accumulate(over[::-1])[::-1]
    opened = (logs.columns * logs.clicks[..., None]).sum(dim=2).numpy()  # (steps, users, item_width)
    known = np.concatenate([opened, logs.state.numpy(), so_far(engagement, over)], axis=2)
    if not ends.any():
        return np.zeros(opened.shape[2], np.float32)
    return Ridge(alpha=10.0).fit(known[ends], after[ends]).coef_[: opened.shape[2]].astype(np.float32)


def so_far(engagement: NDArray[np.float64], over: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Steps of the episode before each step, and the engagement in them, (steps, users, 2)."""
    totals = np.zeros((*engagement.shape, 2), np.float32)
    for t in range(1, len(engagement)):
        lived = np.stack([np.ones_like(engagement[t]), engagement[t - 1]], axis=1)
        totals[t] = np.where(over[t - 1][:, None], 0.0, totals[t - 1] + lived)
    return totals


def weigh(
    world: World[Any],
    judge: Judge,
    to_come: NDArray[np.float32],
    users: NDArray[np.uint64],
    horizon: int,
    settings: FitSettings,
    report: Report,
) -> int:
    """Set the ranker's ``future`` to ``to_come`` times the weight that serves best, see ``ranker.future``.

    Returns:
        Environment steps taken.
    """
    found, steps = {}, 0
    for weight in settings.weights:
        judge.ranker.future.copy_(torch.from_numpy(np.float32(weight) * to_come))
        found[weight], taken = tried(world, BestSlates(judge, world.slate_size), users, horizon)
        steps += taken
        report(f"Weight {weight:g} of the engagement to come: {found[weight]:.2f} an episode")
    best = max(found, key=found.__getitem__)
    judge.ranker.future.copy_(torch.from_numpy(np.float32(best) * to_come))
    return steps
