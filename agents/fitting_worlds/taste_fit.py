"""Fitting tastes: Adam on the training part, of the later epochs that kept which says most of the validation part."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from driftrec.agents.fitting_worlds.earlier import Earlier
from driftrec.agents.fitting_worlds.lives import TRAIN, VALIDATION, LoggedUsers
from driftrec.agents.fitting_worlds.segments import stretches_of
from driftrec.agents.fitting_worlds.taste_model import KnownItems, TasteModel
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.sizes import check_sizes

AT_ONCE = 1024
"""Slates whose likelihood is worked out beside each other."""


@dataclass(frozen=True)
class FitWorldSettings:
    """How a world is fitted.

    Attributes:
        dims: Of the items' vectors.
        epochs: Passes over the log; half as many where a model goes on from another.
        least_steps: Gradients at least, for which a small log takes more passes than ``epochs``.
        batch: Slates a gradient, some more or fewer.
        learning_rate: Adam's step size at the start; falls to 0 (cosine).
        topics: Number of topics, of items that are alike, where they are not told.
    """

    dims: int = 8
    epochs: int = 6
    least_steps: int = 600
    batch: int = 512
    learning_rate: float = 0.1
    topics: int = 8

    def __post_init__(self) -> None:
        check_sizes(
            self, dims=(1, 512), epochs=(1, 10_000), least_steps=(1, 1_000_000), batch=(1, 100_000), topics=(1, 1000)
        )
        check_ranges(self, learning_rate=(1e-6, 1))

    def halved(self) -> FitWorldSettings:
        """Half the passes, for a fit that goes on from another."""
        return replace(self, epochs=max(1, self.epochs // 2), least_steps=max(1, self.least_steps // 2))


def fit_tastes(
    lives: LoggedUsers,
    terms: tuple[str, ...],
    known: KnownItems,
    settings: FitWorldSettings,
    seed: int,
    start: TasteModel | None = None,
    weights: NDArray[np.float64] | None = None,
) -> TasteModel:
    """The most likely parameters, by penalised maximum likelihood.

    Args:
        lives: The log.
        terms: Of utility.
        known: Of the items.
        settings: How.
        seed: Source of the first vectors and of the order of gradients.
        start: A model to go on from.
        weights: How often each user counts, (users,); once when omitted.

    Raises:
        ValueError: If likelihoods are no numbers.
    """
    model = TasteModel(lives, terms, settings.dims, known, seed)
    if start is not None:
        model.load_state_dict(start.state_dict())
    counts = torch.as_tensor(np.ones(len(lives.users)) if weights is None else weights, dtype=torch.float32)
    best, score, kept = -np.inf, -np.inf, copy.deepcopy(model.state_dict())
    for done in _passes(model, lives, counts, settings, np.random.default_rng(seed)):
        if done <= 0.5:  # steps are long, and what is found is not kept
            continue
        score = unseen_likelihood(model, lives, VALIDATION).dot(counts.numpy())
        if score > best:
            best, kept = score, copy.deepcopy(model.state_dict())
    if best == -np.inf:
        raise ValueError(f"The fit came to no numbers: likelihoods are {score}. Lower --fitting.learning-rate.")
    model.load_state_dict(kept)
    return model


def _passes(
    model: TasteModel, lives: LoggedUsers, counts: torch.Tensor, settings: FitWorldSettings, rng: np.random.Generator
) -> Iterator[float]:
    """Passes over what is learned from, moving ``model``; after each the share of them that is done."""
    stretches = stretches_of(lives, TRAIN)
    total = float(counts[torch.as_tensor(lives.user[lives.part == TRAIN])].sum())
    optimizer = torch.optim.Adam(model.parameters(), settings.learning_rate, betas=(0.9, 0.99))
    batches = len(stretches.packed(settings.batch, rng))
    epochs = max(settings.epochs, -(-settings.least_steps // batches))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * batches)
    for epoch in range(epochs):
        model.train()
        earlier = Earlier(model, lives)
        for rows in stretches.packed(settings.batch, rng):
            likelihood, weight = model.weighed(earlier.batch(rows), TRAIN, lives.part, counts)
            loss = weight / total * model.prior() - likelihood
            optimizer.zero_grad()
            (loss / settings.batch).backward()
            optimizer.step()
            model.learn_beliefs(counts, settings.batch, float(schedule.get_last_lr()[0]) / settings.learning_rate)
            schedule.step()
        model.eval()
        yield (epoch + 1) / epochs


@torch.no_grad()
def unseen_likelihood(model: TasteModel, lives: LoggedUsers, part: int) -> NDArray[np.float64]:
    """Log-likelihood of every user's slates of a part, added up, (users,)."""
    total = torch.zeros(len(lives.users), dtype=torch.float64)
    earlier = Earlier(model, lives)
    for rows in stretches_of(lives, part).packed(AT_ONCE, np.random.default_rng(0)):
        likelihood, user = model.log_likelihood(earlier.batch(rows), part, lives.part)
        total.index_add_(0, user, likelihood.double())
    return total.numpy()
