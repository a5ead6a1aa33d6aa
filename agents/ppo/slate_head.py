"""Slates picked item after item without replacement, each pick conditioned on those already made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from driftrec.agents.policy import LARGE

TAKEN = -1e9
"""Logit of a candidate that the slate holds already."""


class Read(Protocol):
    """What all picks of a slate share.

    Attributes:
        base: Logits at the first position, (users, candidates).
        width: Columns of an item.
    """

    base: Tensor

    @property
    def width(self) -> int:
        """Columns of an item."""
        ...

    def logits(self, query: Tensor) -> Tensor:
        """<query, x_i> of every candidate, (users, candidates), for queries (users, item_columns)."""
        ...

    def of(self, picks: Tensor) -> Tensor:
        """Columns of picks (users, n), positions among the candidates, (users, n, item_columns)."""
        ...


@dataclass
class CatalogueRead:
    """A ``Read`` of candidates from a catalogue that all users share.

    Attributes:
        base: Logits at the first position, (users, candidates).
        items: Columns x of the whole catalogue, (items, item_columns).
        candidates: Item positions, int64, (users, candidates).
    """

    base: Tensor
    items: Tensor
    candidates: Tensor

    @property
    def width(self) -> int:
        """Columns of an item."""
        return self.items.shape[1]

    def logits(self, query: Tensor) -> Tensor:
        """<query, x_i> of every candidate, (users, candidates), for queries (users, item_columns).

        Computed for the whole catalogue and then picked out: cheaper than gathered rows while the catalogue is small.
        """
        return (query @ self.items.T).gather(1, self.candidates)

    def of(self, picks: Tensor) -> Tensor:
        """Columns of picks (users, n), positions among the candidates, (users, n, item_columns)."""
        return self.items[self.candidates.gather(1, picks)]


@dataclass
class RequestRead:
    """A ``Read`` of candidates that come with the request, with columns of their own.

    Attributes:
        base: Logits at the first position, (users, candidates).
        columns: Columns x of the candidates, (users, candidates, item_columns).
    """

    base: Tensor
    columns: Tensor

    @property
    def width(self) -> int:
        """Columns of an item."""
        return self.columns.shape[2]

    def logits(self, query: Tensor) -> Tensor:
        """<query, x_i> of every candidate, (users, candidates), for queries (users, item_columns)."""
        return torch.bmm(self.columns, query[..., None])[..., 0]

    def of(self, picks: Tensor) -> Tensor:
        """Columns of picks (users, n), positions among the candidates, (users, n, item_columns)."""
        return self.columns.gather(1, picks[..., None].expand(-1, -1, self.width))


class SlateHead(nn.Module):
    """A Plackett-Luce distribution whose strengths move with the partial slate (a pointer head).

    The logit of candidate i at position k, after picks j_1 .. j_{k-1}, is

        <c, judged_i> + <b + Q s + W * mean(x_j), x_i>,  minus infinity if i was picked

    where judged_i are score, appeal and log engagement of the candidate stage and x_i the item's columns. c starts at
    (temper, 0, 0); b, Q and W start at zero: the policy begins as the judge's best slates with Plackett-Luce noise. The
    joint log-probability of a slate is the exact sum over positions.

    Args:
        state_dims: Length of the state vector s.
        item_columns: Length of x.
        slate_size: Picks.
        temper: Weight of the score at the start; the higher, the closer to greedy.
    """

    def __init__(self, state_dims: int, item_columns: int, slate_size: int, temper: float) -> None:
        super().__init__()
        self.slate_size = slate_size
        self.bias = nn.Parameter(torch.zeros(item_columns))
        self.normalise = nn.LayerNorm(state_dims)
        self.query = nn.Linear(state_dims, item_columns, bias=False)
        self.partial = nn.Linear(item_columns, item_columns, bias=False)
        self.judged = nn.Parameter(torch.tensor([temper, 0.0, 0.0]))
        nn.init.zeros_(self.query.weight)
        nn.init.zeros_(self.partial.weight)

    def read(self, state: Tensor, items: Tensor, candidates: Tensor, judged: Tensor) -> Read:
        """What all picks of a slate share, where the candidates are of a catalogue.

        Args:
            state: Shape (users, state_dims).
            items: Columns x of the whole catalogue, (items, item_columns).
            candidates: Item positions, int64, (users, candidates).
            judged: Score, appeal and log engagement of the candidates, (users, candidates, 3).
        """
        if len(items) > LARGE:
            return self.read_request(state, items[candidates], judged)
        general = self._first(state) @ items.T  # (users, items)
        return CatalogueRead(judged @ self.judged + general.gather(1, candidates), items, candidates)

    def read_request(self, state: Tensor, columns: Tensor, judged: Tensor) -> RequestRead:
        """What all picks of a slate share, where the candidates come with the request.

        Args:
            state: Shape (users, state_dims).
            columns: Columns x of the candidates, (users, candidates, item_columns).
            judged: Score, appeal and log engagement of the candidates, (users, candidates, 3).
        """
        read = RequestRead(judged @ self.judged, columns)
        return RequestRead(read.base + read.logits(self._first(state)), columns)

    def pick(self, read: Read, greedy: bool, uniforms: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Draw slates, or take the most likely item at every position.

        Args:
            read: From ``read``.
            greedy: Most likely items instead of a draw.
            uniforms: What a draw is made of, in [0, 1), (users, slate_size, candidates); from torch's own generator,
                which stable-baselines3 seeds, if None.

        Returns:
            Positions among the candidates, int64, (users, slate_size), no repeats; and the log-probability of every
            pick given those before it, (users, slate_size).
        """
        base = read.base
        total = base.new_zeros(len(base), read.width)  # sum of the columns of the picks so far
        picks: list[Tensor] = []
        log_p: list[Tensor] = []
        for k in range(self.slate_size):
            logits = base + read.logits(self._after(total / k)) if k else base
            # The largest of Gumbel-perturbed logits is a draw; minus the log of an exponential is a Gumbel.
            noisy = logits if greedy else logits - _exponential(logits, uniforms, k).log()
            pick = noisy.argmax(dim=1, keepdim=True)  # (users, 1)
            picks.append(pick)
            log_p.append(logits.gather(1, pick) - logits.logsumexp(dim=1, keepdim=True))
            base = base.scatter(1, pick, TAKEN)
            total = total + read.of(pick)[:, 0]
        return torch.cat(picks, dim=1), torch.cat(log_p, dim=1)

    def log_probability(self, read: Read, picks: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probability and entropy of every pick given those before it, each (users, slate_size)."""
        picked = read.of(picks)  # (users, slate_size, item_columns)
        count = torch.arange(self.slate_size, device=picks.device).clamp(min=1)[:, None]
        before = (picked.cumsum(dim=1) - picked) / count  # mean columns of the earlier picks
        moved = [read.logits(query) for query in self._after(before).unbind(dim=1)]
        logits = torch.stack(moved, dim=1) + read.base[:, None]
        log_p = (logits + taken(picks, read.base.shape[1])).log_softmax(dim=2)  # (users, slate_size, candidates)
        entropy = -(log_p.exp() * log_p.clamp(min=-50.0)).sum(dim=2)
        return log_p.gather(2, picks[..., None])[..., 0], entropy

    def _first(self, state: Tensor) -> Tensor:
        """Query b + Q s of the first pick, (users, item_columns)."""
        # Scaled so that one step of the optimizer moves the logits as much through Q and W as through b.
        query = self.query(self.normalise(state)) * state.shape[1] ** -0.5
        return self.bias + query

    def _after(self, mean: Tensor) -> Tensor:
        """Query that the mean columns of the picks so far add, shape kept."""
        return self.partial(mean) * mean.shape[-1] ** -0.5


def _exponential(like: Tensor, uniforms: Tensor | None, position: int) -> Tensor:
    """Exponential noise for one position, above 0, (users, candidates)."""
    if uniforms is None:
        return torch.empty_like(like).exponential_()
    return -torch.log1p(-uniforms[:, position]).clamp(max=-1e-12)


def taken(picks: Tensor, candidates: int) -> Tensor:
    """TAKEN where an earlier position holds the candidate, else 0, (users, slate_size, candidates)."""
    mask = torch.zeros(*picks.shape, candidates, device=picks.device)
    for k in range(picks.shape[1] - 1):
        later = mask[:, k + 1 :]
        later.scatter_(2, picks[:, k, None, None].expand(-1, later.shape[1], 1), TAKEN)
    return mask
