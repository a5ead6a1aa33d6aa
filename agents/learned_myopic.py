"""The learned myopic ranker: predicts clicks and minutes from logs, ranks by expected engagement now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from driftrec.agents.baselines import Random
from driftrec.agents.baselines.common import read_mask
from driftrec.agents.logs import Logs, collect, joined
from driftrec.agents.policy import Context, Observation, Slates, user_chunks
from driftrec.agents.ranker import Ranker
from driftrec.agents.slate_optimiser import best_slates
from driftrec.agents.state_encoder import as_tensors
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


class LearnedMyopic:
    """Shows the slate of highest predicted minutes in the next step; leaves out what the user has opened lately.

    Args:
        context: What is known of items and personas.
        ranker: A fitted ranker.
        noise: Scale of Gumbel noise on appeal, for logging.
    """

    def __init__(self, context: Context, ranker: Ranker, noise: float = 0.0) -> None:
        self.context = context
        self.ranker = ranker.eval()
        self.noise = noise
        with torch.inference_mode():
            self._vectors = ranker.item_vectors()
        self._rng = np.random.default_rng(0)

    def reset(self, num_users: int, seed: int) -> None:
        """Start over; only the noise draws on ``seed``."""
        self._rng = np.random.default_rng(seed)

    def act(self, observation: Observation) -> Slates:
        """Slates of highest predicted engagement, (users, slate_size)."""
        return np.concatenate([self._act(chunk) for chunk in user_chunks(observation)])

    def _act(self, observation: Observation) -> Slates:
        with torch.inference_mode():
            scores = self.ranker(as_tensors(observation), self._vectors)
            appeal = (scores.appeal - scores.no_click).numpy()
            minutes = scores.minutes.numpy()
            positions = torch.exp(self.ranker.position_bias - self.ranker.position_bias[0]).numpy()
        if self.noise:
            appeal += self.noise * self._rng.gumbel(size=appeal.shape).astype(np.float32)
        appeal[read_mask(observation, self.context.num_items)] -= 50.0
        return best_slates(np.exp(appeal), minutes, 1.0, np.minimum.accumulate(positions))


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
        policy = Random(context) if index == 0 else LearnedMyopic(context, ranker, settings.noise)
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
