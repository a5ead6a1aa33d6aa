"""The utility of all items together, for logs that do not tell what was passed over: most of their fits' cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

MOST = 64
"""Slates whose utilities of all items are held at once: so many stay in a processor's cache."""


@dataclass(frozen=True)
class Run:
    """Slates beside each other of one user.

    Attributes:
        begin: The first.
        end: Behind the last.
        opened: Items that the user had opened before one of them, int64, (opened,).
        again: 1 where that was before the slate, else 0, (end - begin, opened).
    """

    begin: int
    end: int
    opened: torch.Tensor
    again: torch.Tensor


class _LogSum(torch.autograd.Function):
    """See ``log_sum``. Utilities are worked out twice, which takes less time than to write them down and read them."""

    @staticmethod
    def forward(ctx: Any, people: torch.Tensor, items: torch.Tensor, repeat: torch.Tensor, runs: Sequence[Run]) -> Any:
        """The sum, run by run."""
        room, bits = _room(people, items), people.new_empty(len(people), 1)
        for run in runs:
            utility = _utility(room, people, items, repeat, run)
            top = utility.amax(dim=1, keepdim=True)
            bits[run.begin : run.end] = top + utility.sub_(top).exp2_().sum(dim=1, keepdim=True).log2_()
        ctx.save_for_backward(people, items, repeat, bits)
        ctx.runs = runs
        return bits[:, 0] * math.log(2)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        """To people, items and repeats."""
        people, items, repeat, bits = ctx.saved_tensors
        room, of_people, of_repeat = _room(people, items), torch.empty_like(people), people.new_zeros(())
        of_items = torch.zeros_like(items.T, memory_format=torch.contiguous_format)
        for run in ctx.runs:
            here = slice(run.begin, run.end)
            chance = _utility(room, people, items, repeat, run).sub_(bits[here]).exp2_()
            weight = gradients[0][here]
            of_people[here] = (items.T @ chance.T * weight).T  # narrow times wide is the fast way round
            of_items.addmm_(people[here].T * weight, chance)
            of_repeat -= weight @ (chance.index_select(1, run.opened) * run.again).sum(dim=1)
        return of_people, of_items.T, of_repeat, None


def _room(people: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
    """For the utilities of a run."""
    return people.new_empty(MOST, len(items))


def _utility(
    room: torch.Tensor, people: torch.Tensor, items: torch.Tensor, repeat: torch.Tensor, run: Run
) -> torch.Tensor:
    """Of all items at a run's slates, (slates, items), in bits: powers of 2 cost a third of those of e."""
    utility = room[: run.end - run.begin]
    torch.addmm(utility, people[run.begin : run.end], items.T, beta=0, alpha=1 / math.log(2), out=utility)
    return utility.scatter_add_(1, run.opened.expand(run.again.shape), run.again * (-repeat / math.log(2)))


def log_sum(people: torch.Tensor, items: torch.Tensor, repeat: torch.Tensor, runs: Sequence[Run]) -> torch.Tensor:
    """Log sum_i exp(<person, item i> - repeat * [opened before]) at every slate, (slates,).

    Args:
        people: At each slate, (slates, columns).
        items: All, (items, columns).
        repeat: What an item loses that was opened before.
        runs: The slates, one after the other.
    """
    out: torch.Tensor = _LogSum.apply(people, items, repeat, runs)
    return out
