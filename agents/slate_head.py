"""Slates picked item after item without replacement, each pick conditioned on those already made."""

from __future__ import annotations

import torch
from torch import Tensor, nn

TAKEN = -1e9
"""Logit of a candidate that the slate holds already."""


class SlateHead(nn.Module):
    """A Plackett-Luce distribution whose strengths move with the partial slate (a pointer head).

    The logit of candidate i at position k, after picks j_1 .. j_{k-1} with features f, is

        temper * score_i + <q(s) + W * mean(f_j) , f_i> + <b, f_i>,  minus infinity if i was picked

    where the score is the candidate stage's. q, W and b start at zero: the policy begins as the myopic ranker, with
    Plackett-Luce noise. The joint log-probability of a slate is the exact sum over positions.

    Args:
        state_dims: Length of the state vector s.
        item_dims: Length of the candidates' features f.
        slate_size: Picks.
        temper: Weight of the scores at the start; the higher, the closer to greedy.
    """

    def __init__(self, state_dims: int, item_dims: int, slate_size: int, temper: float) -> None:
        super().__init__()
        self.slate_size = slate_size
        self.query = nn.Linear(state_dims, item_dims)
        self.partial = nn.Linear(item_dims, item_dims, bias=False)
        self.bias = nn.Linear(item_dims, 1, bias=False)
        self.log_temper = nn.Parameter(torch.tensor(temper).log())
        for layer in (self.query, self.partial, self.bias):
            for parameter in layer.parameters():
                nn.init.zeros_(parameter)

    def pick(self, state: Tensor, features: Tensor, scores: Tensor, greedy: bool) -> tuple[Tensor, Tensor]:
        """Draw slates, or take the most likely item at every position.

        Args:
            state: Shape (users, state_dims).
            features: Of the candidates, (users, candidates, item_dims).
            scores: Of the candidate stage, (users, candidates).
            greedy: Most likely items instead of a draw.

        Returns:
            Positions among the candidates, int64, (users, slate_size), no repeats; and the log-probability of every
            pick given those before it, (users, slate_size).
        """
        base = self._base(state, features, scores)  # (users, candidates)
        total = torch.zeros_like(features[:, 0])  # (users, item_dims) sum over the picks so far
        picks: list[Tensor] = []
        log_p: list[Tensor] = []
        for k in range(self.slate_size):
            logits = base + product(features, self.partial(total / k)) if k else base
            noisy = logits if greedy else logits - torch.empty_like(logits).exponential_().log()  # Gumbel: a draw
            pick = noisy.argmax(dim=1, keepdim=True)  # (users, 1)
            picks.append(pick)
            log_p.append(logits.gather(1, pick) - logits.logsumexp(dim=1, keepdim=True))
            base = base.scatter(1, pick, TAKEN)
            total = total + rows(features, pick)[:, 0]
        return torch.cat(picks, dim=1), torch.cat(log_p, dim=1)

    def log_probability(self, state: Tensor, features: Tensor, scores: Tensor, picks: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probability and entropy of every pick given those before it, each (users, slate_size)."""
        picked = rows(features, picks)  # (users, slate_size, item_dims)
        count = torch.arange(self.slate_size, device=picks.device).clamp(min=1)[:, None]
        before = (picked.cumsum(dim=1) - picked) / count  # mean feature of the earlier picks
        logits = torch.bmm(self.partial(before), features.transpose(1, 2))  # (users, slate_size, candidates)
        logits = logits + self._base(state, features, scores)[:, None]
        log_p = (logits + self._taken(picks, scores.shape[1])).log_softmax(dim=2)
        entropy = -(log_p.exp() * log_p.clamp(min=-50.0)).sum(dim=2)
        return log_p.gather(2, picks[..., None])[..., 0], entropy

    def _taken(self, picks: Tensor, candidates: int) -> Tensor:
        """TAKEN where an earlier position holds the candidate, else 0, (users, slate_size, candidates)."""
        taken = torch.zeros(*picks.shape, candidates, device=picks.device)
        for k in range(self.slate_size - 1):
            later = taken[:, k + 1 :]
            later.scatter_(2, picks[:, k, None, None].expand(-1, later.shape[1], 1), TAKEN)
        return taken

    def _base(self, state: Tensor, features: Tensor, scores: Tensor) -> Tensor:
        return self.log_temper.exp() * scores + product(features, self.query(state) + self.bias.weight)


def product(features: Tensor, query: Tensor) -> Tensor:
    """Inner products of (users, candidates, dims) with (users, dims), (users, candidates)."""
    return torch.bmm(features, query[..., None])[..., 0]


def rows(features: Tensor, picks: Tensor) -> Tensor:
    """Features of the picked candidates, (users, picks, dims)."""
    return features.gather(1, picks[..., None].expand(-1, -1, features.shape[2]))
