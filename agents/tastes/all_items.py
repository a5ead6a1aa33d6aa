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


LEAST_BITS, MOST_BITS = -60.0, 120.0
"""Logarithms, to the base 2, between which sums of powers are exact as they are: no largest utility is looked for."""


class _Total(torch.autograd.Function):
    """See ``total_log_sum``. Weights being told, chances serve for sum and gradients both, and are never kept."""

    @staticmethod
    def forward(
        ctx: Any,
        people: torch.Tensor,
        items: torch.Tensor,
        repeat: torch.Tensor,
        runs: Sequence[Run],
        weights: torch.Tensor,
    ) -> Any:
        """The total, and its gradients, run by run."""
        room, of_people = _room(people, items), torch.empty_like(people)
        of_items = torch.zeros_like(items.T, memory_format=torch.contiguous_format)
        total, of_repeat = people.new_zeros(()), people.new_zeros(())
        for run in runs:
            here = slice(run.begin, run.end)
            powers, sums, bits = _powers(room, people, items, repeat, run)
            total += weights[here] @ bits * math.log(2)
            weight = weights[here] / sums
            of_people[here] = (items.T @ powers.T * weight).T  # narrow times wide is the fast way round
            of_items.addmm_(people[here].T * weight, powers)
            of_repeat -= weight @ (powers.index_select(1, run.opened) * run.again).sum(dim=1)
        ctx.save_for_backward(of_people, of_items.T, of_repeat)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        """To people, items and repeats."""
        return *(gradients[0] * each for each in ctx.saved_tensors), None, None


def _room(people: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
    """For the utilities of a run."""
    return people.new_empty(MOST, len(items))


def _powers(
    room: torch.Tensor, people: torch.Tensor, items: torch.Tensor, repeat: torch.Tensor, run: Run
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Powers of all items' utilities, (slates, items), up to a factor; their sums; and these, as they are, in bits."""
    powers = _utility(room, people, items, repeat, run).exp2_()
    sums = powers.sum(dim=1)
    bits = sums.log2()
    if bool((bits > LEAST_BITS).all() & (bits < MOST_BITS).all()):
        return powers, sums, bits
    utility = _utility(room, people, items, repeat, run)
    top = utility.amax(dim=1)
    powers = utility.sub_(top[:, None]).exp2_()
    sums = powers.sum(dim=1)
    return powers, sums, top + sums.log2()


def _utility(
    room: torch.Tensor, people: torch.Tensor, items: torch.Tensor, repeat: torch.Tensor, run: Run
) -> torch.Tensor:
    """Of all items at a run's slates, (slates, items), in bits: powers of 2 cost a third of those of e."""
    utility = room[: run.end - run.begin]
    torch.addmm(utility, people[run.begin : run.end], items.T, beta=0, alpha=1 / math.log(2), out=utility)
    return utility.scatter_add_(1, run.opened.expand(run.again.shape), run.again * (-repeat / math.log(2)))


@torch.no_grad()
def log_sum(people: torch.Tensor, items: torch.Tensor, repeat: torch.Tensor, runs: Sequence[Run]) -> torch.Tensor:
    """Log sum_i exp(<person, item i> - repeat * [opened before]) at every slate, (slates,), without a gradient.

    Args:
        people: At each slate, (slates, columns).
        items: All, (items, columns).
        repeat: What an item loses that was opened before.
        runs: The slates, one after the other.
    """
    room = _room(people, items)
    return torch.cat([_powers(room, people, items, repeat, run)[2] for run in runs]) * math.log(2)


def total_log_sum(
    people: torch.Tensor, items: torch.Tensor, repeat: torch.Tensor, runs: Sequence[Run], weights: torch.Tensor
) -> torch.Tensor:
    """Sum of ``log_sum`` over the slates, each times its weight, (slates,), which has no gradient; a scalar."""
    out: torch.Tensor = _Total.apply(people, items, repeat, runs, weights)
    return out
