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
    """See ``log_sum``. Its gradient is that of the chances, which are worked out on the way."""

    @staticmethod
    def forward(ctx: Any, people: torch.Tensor, items: torch.Tensor, repeat: torch.Tensor, runs: Sequence[Run]) -> Any:
        """The sum, run by run."""
        out, chances, less = people.new_empty(len(people)), [], -float(repeat) / math.log(2)
        in_bits = items / math.log(2)  # powers of 2 cost a third of those of e
        for run in runs:
            utility = people[run.begin : run.end] @ in_bits.T  # (slates, items)
            utility.scatter_add_(1, run.opened.expand(run.again.shape), run.again * less)
            top = utility.amax(dim=1, keepdim=True)
            odds = utility.sub_(top).exp2_()
            total = odds.sum(dim=1, keepdim=True)
            out[run.begin : run.end] = (top + total.log2())[:, 0] * math.log(2)
            if any(ctx.needs_input_grad):
                chances.append(odds.div_(total))
        ctx.save_for_backward(people, items, *chances)
        ctx.runs = runs
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        """To people, items and repeats."""
        people, items, *chances = ctx.saved_tensors
        of_people, of_repeat = torch.empty_like(people), people.new_zeros(())
        of_items = torch.zeros_like(items.T, memory_format=torch.contiguous_format)
        for run, chance in zip(ctx.runs, chances, strict=True):
            weight = gradients[0][run.begin : run.end]
            of_people[run.begin : run.end] = (items.T @ chance.T * weight).T  # narrow times wide is the fast way round
            of_items.addmm_(people[run.begin : run.end].T * weight, chance)
            of_repeat -= weight @ (chance.index_select(1, run.opened) * run.again).sum(dim=1)
        return of_people, of_items.T, of_repeat, None


def log_sum(people: torch.Tensor, items: torch.Tensor, repeat: torch.Tensor, runs: Sequence[Run]) -> torch.Tensor:
    """log sum_i exp(<person, item i> - repeat * [opened before]) at every slate, (slates,).

    Args:
        people: At each slate, (slates, columns).
        items: All, (items, columns).
        repeat: What an item loses that was opened before.
        runs: The slates, one after the other.
    """
    out: torch.Tensor = _LogSum.apply(people, items, repeat, runs)  # type: ignore[no-untyped-call]
    return out
