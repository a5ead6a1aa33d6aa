"""Fitting the ranker to logs of choices and minutes; served greedily it is the learned myopic policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from driftrec.agents.baselines import Random
from driftrec.agents.policy import Context
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.item_tables import Representation
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.logs import Logs, collect, joined
from driftrec.agents.ranker.text_ranker import Ranker
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.ranges import check_ranges


@dataclass(frozen=True)
class MyopicSettings:
    """How the ranker is fitted.

    Attributes:
        lanes: Users served side by side while logging.
        log_steps: Steps a lane in each round of logging: random slates first, the ranker's own with noise after.
        rounds: Rounds of logging and fitting; 2 refits once on own data.
        epochs: Passes over all logs in the last round; one in those before, which only gather data.
        batch_size: Steps a gradient.
        learning_rate: Adam's step size at the start; falls to 0 over a round (cosine).
        noise: Scale of the Gumbel noise on appeal when logging own slates.
    """

    lanes: int = 1024
    log_steps: int = 150
    rounds: int = 2
    epochs: int = 2
    batch_size: int = 1024
    learning_rate: float = 2e-3
    noise: float = 0.3

    def __post_init__(self) -> None:
        check_ranges(self, lanes=(1, 1e6), log_steps=(1, 1e6), rounds=(1, 1e3), epochs=(1, 1e3), batch_size=(2, 1e9))
        check_ranges(self, learning_rate=(0, 10), noise=(0, 100))


def fit_myopic(
    context: Context,
    envs: RecommendationVectorEnv,
    *,
    seed: int,
    representation: Representation = "text",
    settings: MyopicSettings | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> tuple[Ranker, list[Logs]]:
    """Log, fit, log with the fitted ranker, fit again; returns the ranker and the logs.

    Args:
        context: What is known of items and personas.
        envs: Environments to log in, autoreset "SameStep", ``settings.lanes`` lanes.
        seed: Source of users, slates, weights and the order of gradients.
        representation: "text", "ids" or "random".
        settings: How.
        report: Called with a line of progress after every epoch.
    """
    settings = settings or MyopicSettings()
    ranker = Ranker(context, representation, seed)
    logs: list[Logs] = []
    for index, round_seed in enumerate(np.random.SeedSequence(seed).generate_state(settings.rounds).tolist()):
        policy = Random(context) if index == 0 else Greedy(Judge(ranker, farsighted=False), settings.noise)
        kind = "Random" if index == 0 else "Myopic"
        report(f"{kind} slates to {settings.lanes:,} lanes, {settings.log_steps} steps each")
        logs.append(collect(envs, policy, settings.log_steps, round_seed))
        epochs = settings.epochs if index == settings.rounds - 1 else 1
        fit(ranker, joined(logs), settings, epochs=epochs, seed=round_seed, report=report)
    return ranker, logs


def fit(
    ranker: Ranker, logs: Logs, settings: MyopicSettings, *, epochs: int, seed: int, report: Callable[[str], None]
) -> None:
    """Fit ``ranker`` to ``logs`` in place, by Adam with a cosine schedule."""
    ranker.train()
    optimizer = torch.optim.Adam(ranker.parameters(), settings.learning_rate)
    batches = -(-len(logs) // settings.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * batches)
    generator = torch.Generator().manual_seed(seed)
    for epoch in range(epochs):
        total = 0.0
        for index in torch.randperm(len(logs), generator=generator).split(settings.batch_size):
            batch = logs.rows(index)
            loss = ranker.loss(batch.observation, batch.slates, batch.choice, batch.minutes)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(index)
        if not np.isfinite(total):
            raise ValueError(
                f"The ranker diverged in pass {epoch + 1}: its loss is {total}. "
                f"Lower MyopicSettings.learning_rate, which is {settings.learning_rate:g}."
            )
        report(f"Ranker, pass {epoch + 1} of {epochs} over {len(logs):,} logged steps: loss {total / len(logs):.4f}")
    ranker.eval()
