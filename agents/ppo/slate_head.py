"""Slates picked item after item without replacement, each pick knowing what those above it will do."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from driftrec.agents.ppo.request import Queries, Request
from driftrec.agents.ranker.choice import SMALLEST
from driftrec.agents.ranker.pace import MOST

TAKEN = -1e9
"""Logit of a candidate that the slate holds already."""

LOW = 0.02
"""Part of the best gain below which the logarithm goes on as a line."""

EFFECTS = 5
"""Numbers that tell a candidate what the slate so far will do. Where showing loads, burdens of its topic follow."""

WORTH_AND_EXCESS = 2
"""Numbers that prices look at where opening loads."""


@dataclass
class Candidates:
    """A request as the head has read it.

    Attributes:
        base: Logits before the network adds to them, (users, candidates); 0 where prices say.
        hidden: What the network makes of the candidates by themselves, (users, candidates, hidden).
        chance: Of opening each at the first position, (users, candidates).
        direction: Their columns at length 1, (users, candidates, item_columns).
        topics: As of the request.
        paced: The same.
    """

    base: Tensor
    hidden: Tensor
    chance: Tensor
    direction: Tensor
    topics: Tensor
    paced: Tensor | None = None

    @property
    def burden(self) -> Tensor | None:
        """Of showing each, (users, candidates); None where opening loads."""
        return None if self.paced is None or self.paced.shape[2] == WORTH_AND_EXCESS else self.paced[..., -1]

    def nothing(self) -> Tensor:
        """What a slate does that holds nothing yet, (users, candidates, ``EFFECTS``, and one more with burdens)."""
        return self.base.new_zeros(*self.base.shape, EFFECTS + (self.burden is not None))


class SlateHead(nn.Module):
    """A Plackett-Luce distribution whose strengths move with what the partial slate will do (a pointer head).

    The logit of candidate i at position k, after picks j_1 .. j_{k-1}, is

        temper * score_i + <w, f(A [judged_i, x_i, <R_1 s, x_i>, .., <R_r s, x_i>] + S s + D e_ik + p_k)>

    minus infinity if i was picked, with f the ReLU, s the normalised state, x_i the item's columns. e_ik tells what
    the slate so far will do: expected openings of i's topics and of all topics, sum_j chance_j <z_i, z_j> and
    sum_j chance_j, mean and largest similarity to the picks, and k. w starts at zero: the policy begins as the judge's
    best slates with Plackett-Luce noise. The joint log-probability of a slate is the exact sum over positions.

    With prices of pages score_i is ``log_share`` of chance_i v_i and the largest at the first position, v_i being the
    value of a ``Pace`` with the expected openings above of e_ik: the policy begins nearly as its pages, which also know
    that lower positions are seen less.

    Args:
        state_dims: Length of the state vector.
        each: Numbers known of a candidate by itself, see ``Request.each``.
        item_columns: Length of x.
        slate_size: Picks.
        temper: Weight of the score; the higher, the closer to greedy at the start.
        prices: Of openings over the bar, and of those above on the slate, see ``PageWeights``.
        hidden: Width of the network.
        reads: How many numbers of a candidate come from state and columns together.
        iterative: Whether picks learn of those above them; else e_ik and p_k are 0 throughout, and slates are the top
            of the candidates' own logits. Prices are of loads from before the slate, then.
    """

    def __init__(
        self,
        state_dims: int,
        each: int,
        item_columns: int,
        slate_size: int,
        temper: float,
        prices: tuple[float, float] = (0.0, 0.0),
        hidden: int = 16,
        reads: int = 8,
        iterative: bool = True,
    ) -> None:
        super().__init__()
        self.slate_size, self.temper, self.prices, self.iterative = slate_size, temper, prices, iterative
        self.queries = Queries(state_dims, item_columns, reads)
        self.candidate = nn.Linear(each + reads, hidden)
        self.user = nn.Linear(state_dims, hidden, bias=False)
        self.effect = nn.Linear(EFFECTS, hidden, bias=False)
        self.position = nn.Parameter(torch.zeros(slate_size, hidden))
        self.out = nn.Linear(hidden, 1, bias=False)
        nn.init.zeros_(self.out.weight)
        if not iterative:
            for weights in (self.effect.weight, self.position):
                nn.init.zeros_(weights)
                weights.requires_grad_(False)

    def read(self, request: Request) -> Candidates:
        """What all picks of a slate share."""
        state, read = self.queries(request)
        hidden = self.candidate(torch.cat([request.each, read], dim=2)) + self.user(state)[:, None]
        score, appeal, _ = request.judged.unbind(dim=2)
        direction = nn.functional.normalize(request.columns, dim=2)
        return Candidates(self.temper * score, hidden, appeal.sigmoid(), direction, request.topics, request.paced)

    def pick(self, candidates: Candidates, greedy: bool, uniforms: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Draw slates, or take the most likely item at every position.

        Args:
            candidates: From ``read``.
            greedy: Most likely items instead of a draw.
            uniforms: What a draw is made of, in [0, 1), (users, slate_size, candidates); from torch's own generator,
                which stable-baselines3 seeds, if None.

        Returns:
            Positions among the candidates, int64, (users, slate_size), no repeats; and the log-probability of every
            pick given those before it, (users, slate_size).
        """
        free = torch.zeros_like(candidates.base)
        effects = candidates.nothing()
        picks: list[Tensor] = []
        log_p: list[Tensor] = []
        for k in range(self.slate_size):
            logits = self._logits(candidates, effects[:, None], k, k + 1)[:, 0] + free
            # The largest of Gumbel-perturbed logits is a draw; minus the log of an exponential is a Gumbel.
            noisy = logits if greedy else logits - _exponential(logits, uniforms, k).log()
            pick = noisy.argmax(dim=1, keepdim=True)  # (users, 1)
            picks.append(pick)
            log_p.append(logits.gather(1, pick) - logits.logsumexp(dim=1, keepdim=True))
            free = free.scatter(1, pick, TAKEN)
            effects = self._after(effects, candidates, pick, k + 1)
        return torch.cat(picks, dim=1), torch.cat(log_p, dim=1)

    def log_probability(self, candidates: Candidates, picks: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probability and entropy of every pick given those before it, each (users, slate_size)."""
        logits = self._logits(candidates, self._effects(candidates, picks[:, :-1]), 0, self.slate_size)
        log_p = (logits + taken(picks, candidates.base.shape[1])).log_softmax(dim=2)  # (users, slate_size, candidates)
        entropy = -(log_p.exp() * log_p.clamp(min=-50.0)).sum(dim=2)
        return log_p.gather(2, picks[..., None])[..., 0], entropy

    def _logits(self, candidates: Candidates, effects: Tensor, first: int, end: int) -> Tensor:
        """Logits at the positions from ``first`` to before ``end``, (users, positions, candidates)."""
        moved = self.effect(effects[..., :EFFECTS]) + self.position[first:end, None]
        hidden = torch.relu_(candidates.hidden[:, None] + moved)
        return self._base(candidates, effects) + self.out(hidden)[..., 0]

    def _base(self, candidates: Candidates, effects: Tensor) -> Tensor:
        """Logits before the network adds to them, by what the slate so far does, (users, positions, candidates)."""
        if candidates.paced is None:
            return candidates.base[:, None]
        gains = self._gains(candidates.chance, candidates.paced, effects)
        first = self._gains(candidates.chance, candidates.paced, torch.zeros_like(effects[:, :1]))
        return self.temper * log_share(gains, first.amax(2, keepdim=True))

    def _gains(self, chance: Tensor, paced: Tensor, effects: Tensor) -> Tensor:
        """Chance times value, less what showing costs, as of a ``Pace``."""
        worth, excess, *burden = paced[:, None].unbind(dim=3)
        above = effects[..., 0]
        if not burden:
            over = (excess + above).clamp(0.0, float(MOST))
            return chance[:, None] * (worth - self.prices[0] * over - self.prices[1] * above)
        over = (excess + effects[..., EFFECTS]).clamp(0.0, float(MOST))
        return chance[:, None] * (worth - self.prices[1] * above) - burden[0] * self.prices[0] * over

    def _effects(self, candidates: Candidates, picks: Tensor) -> Tensor:
        """What picks (users, n) do after none, one, .. all of them, (users, n + 1, candidates, effects)."""
        effects = [candidates.nothing()]
        for k in range(picks.shape[1]):
            effects.append(self._after(effects[-1], candidates, picks[:, k, None], k + 1))
        return torch.stack(effects, dim=1)

    def _after(self, effects: Tensor, candidates: Candidates, pick: Tensor, count: int) -> Tensor:
        """What the slate does once ``pick`` (users, 1), its ``count``-th, has joined those of ``effects``."""
        if not self.iterative:
            return effects
        like, total, mean, nearest, _, *shown = effects.unbind(dim=2)
        chance = candidates.chance.gather(1, pick)  # (users, 1)
        same = torch.bmm(candidates.topics, _row(candidates.topics, pick))[..., 0]  # (users, candidates)
        near = torch.bmm(candidates.direction, _row(candidates.direction, pick))[..., 0]
        mean = mean + (near - mean) / count
        place = torch.full_like(like, count / self.slate_size)
        burdens = [] if candidates.burden is None else [shown[0] + candidates.burden.gather(1, pick) * same]
        after = [like + chance * same, total + chance, mean, torch.maximum(nearest, near), place, *burdens]
        return torch.stack(after, dim=2)


def log_share(gains: Tensor, best: Tensor) -> Tensor:
    """The logarithm of gains over the best, and below ``LOW`` of it its tangent: also of losses less is worse.

    Where there is hardly a gain to be had, gains are told by a part of the largest loss instead of the best.

    Args:
        gains: (users, positions, candidates).
        best: At the first position, (users, 1, 1).
    """
    share = gains / torch.maximum(best, LOW * gains.abs().amax(dim=(1, 2), keepdim=True)).clamp(min=float(SMALLEST))
    return torch.where(share > LOW, share.clamp(min=LOW).log(), math.log(LOW) + share / LOW - 1.0)


def _row(values: Tensor, pick: Tensor) -> Tensor:
    """Row of values (users, candidates, d) at pick (users, 1), (users, d, 1)."""
    return values.gather(1, pick[..., None].expand(-1, -1, values.shape[2])).transpose(1, 2)


def _exponential(like: Tensor, uniforms: Tensor | None, position: int) -> Tensor:
    """Exponential noise for one position, above 0, (users, candidates); the CPU's, which is the same on any device."""
    if uniforms is None:
        return torch.empty_like(like, device="cpu").exponential_().to(like.device)
    return -torch.log1p(-uniforms[:, position]).clamp(max=-1e-12)


def taken(picks: Tensor, candidates: int) -> Tensor:
    """TAKEN where an earlier position holds the candidate, else 0, (users, slate_size, candidates)."""
    mask = torch.zeros(*picks.shape, candidates, device=picks.device)
    for k in range(picks.shape[1] - 1):
        later = mask[:, k + 1 :]
        later.scatter_(2, picks[:, k, None, None].expand(-1, later.shape[1], 1), TAKEN)
    return mask
