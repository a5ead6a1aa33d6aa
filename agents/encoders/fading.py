"""Weights of past events that fade with their age."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def fading(kinds: Tensor, age: Tensor, log_half_life: Tensor) -> Tensor:
    """Weights g 2^(-age / half_life) of events, (users, kinds * half-lives, events).

    Args:
        kinds: g of every kind of memory, (users, kinds, events).
        age: Time since, (users, events).
        log_half_life: Base 2, (kinds, half-lives).
    """
    fade = torch.exp2(-age[:, None, None] * torch.exp2(-log_half_life)[..., None])  # (users, kinds, half-lives, events)
    return (kinds[:, :, None] * fade).flatten(1, 2)


def fading_counts(ones: Tensor, items: Tensor, kinds: Tensor, age: Tensor, log_half_life: Tensor) -> Tensor:
    """Sums of those weights by topic, (users, kinds * half-lives, topics).

    Args:
        ones: A one in the column of every item's topic, (items, topics).
        items: Item of every event, -1 for none, whose g is 0, (users, events).
        kinds: As of ``fading``, as the next two.
        age: Time since.
        log_half_life: Half-lives.
    """
    return torch.bmm(fading(kinds, age, log_half_life), nn.functional.embedding(items.long().clamp(min=0), ones))
