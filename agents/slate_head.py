"""Slates picked item after item without replacement, each pick conditioned on those already made."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

TAKEN = -1e9
"""Logit of a candidate that the slate holds already."""


@dataclass
class Read:
    """What all picks of a slate share.

    Attributes:
        base: Logits at the first position, (users, candidates).
        features: f of the whole catalogue, (items, dims).
        candidates: Item positions, int64, (users, candidates).
    """

    base: Tensor
    features: Tensor
    candidates: Tensor

    def logits(self, query: Tensor) -> Tensor:
        """<query, f_i> of every candidate, (users, candidates), for queries (users, dims).

        Computed for the whole catalogue and then picked out: gradients of a matrix product are ten times cheaper
        than those of gathered feature rows.
        """
        return (query @ self.features.T).gather(1, self.candidates)

    def of(self, picks: Tensor) -> Tensor:
        """Features of picks (users, n), positions among the candidates, (users, n, dims)."""
        return self.features[self.candidates.gather(1, picks)]


class SlateHead(nn.Module):
    """A Plackett-Luce distribution whose strengths move with the partial slate (a pointer head).

    The logit of candidate i at position k, after picks j_1 .. j_{k-1} with features f, is

        <c, judged_i> + <b, x_i> + <q(s) + W * mean(f_j), f_i>,  minus infinity if i was picked

    where judged_i are score, appeal and log minutes of the candidate stage, x_i the item's columns and f = P x a
    trained projection. c starts at (temper, 0, 0); b, q and W start at zero: the policy begins as the judge's best
    slates with Plackett-Luce noise. The joint log-probability of a slate is the exact sum over positions.

    Args:
        state_dims: Length of the state vector s.
        item_columns: Length of x.
        slate_size: Picks.
        temper: Weight of the score at the start; the higher, the closer to greedy.
        dims: Length of f.
    """

    def __init__(self, state_dims: int, item_columns: int, slate_size: int, temper: float, dims: int = 24) -> None:
        super().__init__()
        self.slate_size = slate_size
        self.project = nn.Linear(item_columns, dims, bias=False)
        self.scale = (dims * item_columns) ** -0.5
        self.bias = nn.Linear(item_columns, 1, bias=False)
        self.query = nn.Sequential(nn.LayerNorm(state_dims), nn.Linear(state_dims, 64), nn.GELU(), nn.Linear(64, dims))
        self.partial = nn.Linear(dims, dims, bias=False)
        self.judged = nn.Parameter(torch.tensor([temper, 0.0, 0.0]))
        nn.init.normal_(self.project.weight)
        for parameter in (self.bias.weight, self.partial.weight, *self.query[-1].parameters()):
            nn.init.zeros_(parameter)

    def read(self, state: Tensor, items: Tensor, candidates: Tensor, judged: Tensor) -> Read:
        """What all picks of a slate share.

        Args:
            state: Shape (users, state_dims).
            items: Columns x of the whole catalogue, (items, item_columns).
            candidates: Item positions, int64, (users, candidates).
            judged: Score, appeal and log minutes of the candidates, (users, candidates, 3).
        """
        features = self.project(items) * self.scale  # (items, dims)
        general = torch.addmm((self.bias(items) * self.scale)[:, 0], self.query(state), features.T)  # (users, items)
        return Read(judged @ self.judged + general.gather(1, candidates), features, candidates)

    def pick(self, read: Read, greedy: bool) -> tuple[Tensor, Tensor]:
        """Draw slates, or take the most likely item at every position.

        Args:
            read: From ``read``.
            greedy: Most likely items instead of a draw.

        Returns:
            Positions among the candidates, int64, (users, slate_size), no repeats; and the log-probability of every
            pick given those before it, (users, slate_size).
        """
        base = read.base
        total = base.new_zeros(len(base), read.features.shape[1])  # sum of the features of the picks so far
        picks: list[Tensor] = []
        log_p: list[Tensor] = []
        for k in range(self.slate_size):
            logits = base + read.logits(self.partial(total / k)) if k else base
            noisy = logits if greedy else logits - torch.empty_like(logits).exponential_().log()  # Gumbel: a draw
            pick = noisy.argmax(dim=1, keepdim=True)  # (users, 1)
            picks.append(pick)
            log_p.append(logits.gather(1, pick) - logits.logsumexp(dim=1, keepdim=True))
            base = base.scatter(1, pick, TAKEN)
            total = total + read.of(pick)[:, 0]
        return torch.cat(picks, dim=1), torch.cat(log_p, dim=1)

    def log_probability(self, read: Read, picks: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probability and entropy of every pick given those before it, each (users, slate_size)."""
        picked = read.of(picks)  # (users, slate_size, dims)
        count = torch.arange(self.slate_size, device=picks.device).clamp(min=1)[:, None]
        before = (picked.cumsum(dim=1) - picked) / count  # mean feature of the earlier picks
        moved = [read.logits(query) for query in self.partial(before).unbind(dim=1)]
        logits = torch.stack(moved, dim=1) + read.base[:, None]
        log_p = (logits + taken(picks, read.base.shape[1])).log_softmax(dim=2)  # (users, slate_size, candidates)
        entropy = -(log_p.exp() * log_p.clamp(min=-50.0)).sum(dim=2)
        return log_p.gather(2, picks[..., None])[..., 0], entropy


def taken(picks: Tensor, candidates: int) -> Tensor:
    """TAKEN where an earlier position holds the candidate, else 0, (users, slate_size, candidates)."""
    mask = torch.zeros(*picks.shape, candidates, device=picks.device)
    for k in range(picks.shape[1] - 1):
        later = mask[:, k + 1 :]
        later.scatter_(2, picks[:, k, None, None].expand(-1, later.shape[1], 1), TAKEN)
    return mask
