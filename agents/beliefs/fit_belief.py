"""Fitting a belief to logged windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from driftrec.agents.beliefs.topic_belief import TopicBelief

STEPS, BATCH_SIZE, LEARNING_RATE = 300, 96, 0.03
"""Gradients where nothing else is said, windows each, and Adam's step size at the start, which falls to 0: a window
holds hundreds of choices, and some hundred numbers are learned of them."""

WIDE = 10
"""Inputs of a layer beyond which, as with texts, its weights move that much slower: all of them together move it."""


def fit_belief(belief: TopicBelief, seen: Mapping[str, Tensor], seed: int, steps: int | None = None) -> None:
    """Fit ``belief``, where it computes, to the windows of logged observations, one leading axis, drawn by ``seed``.

    ``steps`` are the gradients, ``STEPS`` when omitted; with 0 it stays as it is.
    """
    steps = STEPS if steps is None else steps
    if not steps:
        return
    layers = [each for each in belief.modules() if isinstance(each, nn.Linear) and each.in_features > WIDE]
    wide = {id(each.weight) for each in layers}
    groups: list[dict[str, Any]] = [
        {"params": [each for each in belief.parameters() if id(each) not in wide]},
        {"params": [each.weight for each in layers], "lr": LEARNING_RATE / WIDE},
    ]
    optimizer = torch.optim.Adam(groups, LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        rows = torch.randint(len(seen["persona"]), (BATCH_SIZE,), generator=generator)
        loss = belief.loss({name: seen[name][rows].to(belief.topic.device) for name in belief.READS})
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
