"""Fitting the ranker to logs of choices and minutes; served greedily it is the learned myopic policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from driftrec.agents.baselines import Random
from driftrec.agents.greedy import Greedy
from driftrec.agents.judge import Judge
from driftrec.agents.logs import Logs, collect, joined
from driftrec.agents.policy import Context
from driftrec.agents.ranker import Ranker
from driftrec.agents.tables import Representation
from driftrec.envs.vector import RecommendationVectorEnv


@dataclass(frozen=True)
class MyopicSettings:
    """How the ranker is fitted.

    Attributes:
        lanes: Users served side by side while logging.
        log_steps: Steps a lane in each round of logging: random slates first, the ranker's own with noise after.
        rounds: Rounds of logging and fitting; 2 refits once on own data.
        epochs: Passes over all logs in a round.
        batch_size: Steps a gradient.
        learning_rate: Adam's step size at the start; falls to 0 over a round (cosine).
        noise: Scale of the Gumbel noise on appeal when logging own slates.
    """

    lanes: int = 1024
    log_steps: int = 100
    rounds: int = 2
    epochs: int = 2
    batch_size: int = 1024
    learning_rate: float = 2e-3
    noise: float = 0.5


def fit_myopic(
    context: Context,
    envs: RecommendationVectorEnv,
    *,
    seed: int,
    representation: Representation = "text",
    settings: MyopicSettings | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> Ranker:
    """Log, fit, log with the fitted ranker, fit again.

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
        logs.append(collect(envs, policy, settings.log_steps, round_seed))
        fit(ranker, joined(logs), settings, round_seed, lambda line: report(f"round {index + 1}, {line}"))  # noqa: B023
    return ranker.eval()


def fit(ranker: Ranker, logs: Logs, settings: MyopicSettings, seed: int, report: Callable[[str], None]) -> None:
    """Fit ``ranker`` to ``logs`` in place, by Adam with a cosine schedule."""
    ranker.train()
    optimizer = torch.optim.Adam(ranker.parameters(), settings.learning_rate)
    batches = -(-len(logs) // settings.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.epochs * batches)
    generator = torch.Generator().manual_seed(seed)
    for epoch in range(settings.epochs):
        total = 0.0
        for index in torch.randperm(len(logs), generator=generator).split(settings.batch_size):
            batch = logs.rows(index)
            loss = ranker.loss(batch.observation, batch.slates, batch.choice, batch.minutes)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(index)
        report(f"epoch {epoch + 1} of {settings.epochs}: loss {total / len(logs):.4f} over {len(logs):,} logged steps")
