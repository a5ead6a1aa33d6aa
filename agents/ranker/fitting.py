"""Fitting a ranker to logged slates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from driftrec.agents.ranker.protocol import Logs, Ranker, joined
from driftrec.simulators.ranges import check_ranges

Report = Callable[[str], None]
"""Called with lines of progress."""


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
    """

    lanes: int = 256
    log_steps: int = 100
    rounds: int = 2
    epochs: int = 4
    batch_size: int = 512
    learning_rate: float = 3e-3
    noise: float = 0.5

    def __post_init__(self) -> None:
        check_ranges(self, lanes=(1, 1e6), log_steps=(1, 1e6), rounds=(1, 1e3), epochs=(1, 1e3), batch_size=(2, 1e9))
        check_ranges(self, learning_rate=(0, 10), noise=(0, 100))


def fit(
    ranker: Ranker, parts: Sequence[Logs], settings: FitSettings, *, epochs: int, seed: int, report: Report
) -> None:
    """Fit ``ranker``, where it computes, to logs in place, by Adam with a cosine schedule."""
    ranker.train()
    logs = joined([part.rows() for part in ranker.prepare(parts)])
    optimizer = torch.optim.Adam(ranker.parameters(), settings.learning_rate)
    batches = -(-len(logs) // settings.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * batches)
    generator = torch.Generator().manual_seed(seed)
    for epoch in range(epochs):
        total = 0.0
        for index in torch.randperm(len(logs), generator=generator).split(settings.batch_size):
            loss = ranker.loss(logs[index].to(ranker.device))
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
        report(f"Ranker, pass {epoch + 1} of {epochs} over {len(logs):,} logged steps: loss {total / len(logs):.4f}")
    ranker.eval()
