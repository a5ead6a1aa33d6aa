"""SlateQ (Ie et al., 2019): values of clicks and a choice model make the value of a slate.

    Q(s, A) = b(s) + sum_k P(k | s, A) q(s, i_k),  k over the positions of the slate A, i_k the item there

State vector s and choice model P are those of a fitted ranker, which stays as it is; its ``future`` is not used. b(s)
is the value of a slate of which nothing is clicked, and q(s, i) what a click on i adds to it. Where users click one
item at most, that is the published decomposition: with Q(s, i) = b(s) + q(s, i) and Q(s, nothing) = b(s), it is the sum
over items and no click of P(i | s, A) Q(s, i).

Where users click as many as they like, nothing is published. There every click is taken as an event of its own that
adds its q whatever else is clicked. What several clicks do together, such as boredom by the fifth on one topic, only
shows in the next state.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from driftrec.agents.baselines.common import top_k
from driftrec.agents.policy import Observation, Slates, user_chunks
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.protocol import as_tensors
from driftrec.agents.ranker.recall import OpeningsRecalled


class ClickValues(nn.Module):
    """q(s, i) = engagement_i / unit + <f(s), x_i> + g(s) + d_i, and b(s).

    The engagement now is the ranker's; f, g and b, of an MLP, start at zero, so that learning starts at the myopic
    policy. Where the ranker has ``columns`` of a catalogue, x_i are these and d_i is what they do not tell of an item,
    learned from zero; else x_i come with the items, and there is no d_i.

    Args:
        judge: Of the ranker.
        unit: Engagement that counts as 1.
        seed: Seed of the weights.
        hidden: Width of the hidden layers.
    """

    def __init__(self, judge: Judge, unit: float, seed: int, hidden: int = 128) -> None:
        super().__init__()
        self.unit = unit
        columns, width = judge.ranker.columns(), judge.items.width
        self.catalogue: Tensor | None
        if columns is not None:
            # The engagement to come, before the shares of topics, is for SlateQ to find out.
            columns[:, -1 - judge.ranker.topic_shape[0]] = 0.0
            self.own = nn.Parameter(torch.zeros(len(columns)))
            width = columns.shape[1]
        self.register_buffer("catalogue", columns, persistent=False)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            state = judge.ranker.width
            self.body = nn.Sequential(nn.Linear(state, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU())
            self.head = nn.Linear(hidden, width + 2)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.to(judge.device)

    def forward(self, state: Tensor, shown: Tensor | None, engagement: Tensor) -> tuple[Tensor, Tensor]:
        """Values of clicks (users, items), and of no click (users,).

        Args:
            state: The ranker's, (users, width).
            shown: The items as ``Items`` give them.
            engagement: Now, if clicked, (users, items).
        """
        query, level, base = self.head(self.body(state)).tensor_split([-2, -1], dim=1)
        return engagement / self.unit + self._later(query, shown) + level, base[:, 0]

    def _later(self, query: Tensor, shown: Tensor | None) -> Tensor:
        """<f(s), x_i> + d_i, (users, items)."""
        if self.catalogue is None:
            assert shown is not None
            return query @ shown.T if shown.dim() == 2 else torch.einsum("ud,uid->ui", query, shown)
        if shown is None:
            return query @ self.catalogue.T + self.own
        columns = nn.functional.embedding(shown, self.catalogue)
        return torch.einsum("ud,uid->ui", query, columns) + nn.functional.embedding(shown, self.own[:, None])[..., 0]


class SlateQPolicy:
    """Slates of highest Q(s, A), ready to serve; deterministic.

    Rankers carry nothing for it: it learned from a replay, in which observations are all that is known.

    Args:
        judge: A ranker made ready to serve.
        network: Values.
        slate_size: Positions in a slate.
    """

    CHANGING = ("_opened",)
    """Attributes that change while it serves."""

    def __init__(self, judge: Judge, network: ClickValues, slate_size: int) -> None:
        self.judge, self.network, self.slate_size = judge, network, slate_size
        self._opened = OpeningsRecalled(judge.items, slate_size)

    def reset(self, num_users: int, seed: int) -> None:
        """Forget all users."""
        self._opened.forget()

    def act(self, observation: Observation) -> Slates:
        """Slates, best first, (users, slate_size)."""
        chunks = user_chunks(self._opened(observation), self.judge.items.count(observation))
        return np.concatenate([self._act(chunk) for chunk in chunks])

    def _act(self, observation: Observation) -> Slates:
        with torch.inference_mode():
            seen = self.judge.ranker.read(as_tensors(observation, self.judge.device))
            state = self.judge.ranker.state(seen)
            observation = {name: value.cpu().numpy() for name, value in seen.items()}
            return best_slates(self.judge, self.network, state, observation, self.slate_size)[0].cpu().numpy()


def best_slates(
    judge: Judge, network: ClickValues, state: Tensor, observation: Observation, slate_size: int
) -> tuple[Tensor, Tensor]:
    """The slates of highest Q(s, A), best item first, (users, slate_size), and their values, (users,).

    Args:
        judge: Choices and engagement now.
        network: Values.
        state: The ranker's, (users, width).
        observation: Holds at least the entries ``judge.items.keys``.
        slate_size: Positions in a slate.
    """
    with torch.inference_mode():
        shown = judge.every(observation)
        scores, _ = judge.scores(state, as_tensors(observation, judge.device), shown)
        values, base = network(state, shown, scores.engagement)
        worth = values.cpu().numpy().copy()
        judge.items.forbid(observation, worth)
        gains = judge.ranker.choice.gains(scores.appeal.cpu().numpy(), worth)
        best = torch.from_numpy(top_k(gains, slate_size)).to(judge.device)
        chances = judge.ranker.choice.chances(scores.appeal.gather(1, best))
        return best, base + (chances * values.gather(1, best)).sum(dim=1)
