"""SlateQ (Ie et al., 2019) on published worlds: values of clicks and a choice model make the value of a slate.

    Q(s, A) = b(s) + sum_k P(k | s, A) q(s, i_k),  k over the positions of the slate A, i_k the item there

P is the choice model of a fitted ranker, b(s) the value of a slate of which nothing is clicked, and q(s, i) what a
click on i adds to it. Where users click one item at most, that is the published decomposition: with
Q(s, i) = b(s) + q(s, i) and Q(s, nothing) = b(s), it is the sum over items and no click of P(i | s, A) Q(s, i).

SARDINE's users click as many as they like, for which nothing is published. There every click is taken as an event of
its own that adds its q whatever else is clicked. What several clicks do together, such as boredom by the fifth on one
topic, only shows in the next state.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from driftrec.agents.baselines.common import top_k
from driftrec.agents.policy import Observation, Slates, user_chunks
from driftrec.agents.ranker.feature_judge import Judge
from driftrec.agents.ranker.feature_ranker import FeatureRanker


class ClickValues(nn.Module):
    """q(s, i) = engagement_i / unit + <f(s), x_i> + g(s), and b(s).

    The engagement now is the ranker's; f, g and b, of an MLP, start at zero, so that learning starts at the myopic
    policy.

    Args:
        state_width: Length of s, the ranker's scaled state.
        item_width: Columns x of an item.
        unit: Engagement that counts as 1.
        seed: Seed of the weights.
        hidden: Width of the hidden layers.
    """

    def __init__(self, state_width: int, item_width: int, unit: float, seed: int, hidden: int = 128) -> None:
        super().__init__()
        self.unit = unit
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.body = nn.Sequential(nn.Linear(state_width, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU())
            self.head = nn.Linear(hidden, item_width + 2)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, state: Tensor, columns: Tensor, engagement: Tensor) -> tuple[Tensor, Tensor]:
        """Values of clicks (users, items), and of no click (users,).

        Args:
            state: (users, state_width).
            columns: Of the items, (items, item_width) or, where every user has others, (users, items, item_width).
            engagement: Now, if clicked, (users, items).
        """
        query, level, base = self.head(self.body(state)).tensor_split([-2, -1], dim=1)
        later = query @ columns.T if columns.dim() == 2 else torch.einsum("ud,uid->ui", query, columns)
        return engagement / self.unit + later + level, base[:, 0]


def best_slate_values(
    ranker: FeatureRanker, network: ClickValues, state: Tensor, columns: Tensor, slate_size: int
) -> Tensor:
    """max_A Q(s, A), (users,); ``state`` and ``columns`` as of ``ClickValues``, without gradients."""
    with torch.inference_mode():
        scores = ranker(state, columns)
        values, base = network(state, columns, scores.engagement)
        best = torch.from_numpy(top_k(ranker.choice.gains(scores.appeal.numpy(), values.numpy()), slate_size))
        chances = ranker.choice.chances(scores.appeal.gather(1, best))
        return base + (chances * values.gather(1, best)).sum(dim=1)


class SlateQPolicy:
    """Slates of highest Q(s, A), ready to serve; deterministic.

    Args:
        judge: A ranker made ready to serve.
        network: Values.
        slate_size: Positions in a slate.
    """

    def __init__(self, judge: Judge, network: ClickValues, slate_size: int) -> None:
        self.judge, self.network, self.slate_size = judge, network, slate_size

    def reset(self, num_users: int, seed: int) -> None:
        """Nothing to forget: all is read off the observation."""

    def act(self, observation: Observation) -> Slates:
        """Slates, best first, (users, slate_size)."""
        return np.concatenate(
            [self._act(chunk) for chunk in user_chunks(observation, self.judge.items.count(observation))]
        )

    def _act(self, observation: Observation) -> Slates:
        view = self.judge.view(observation)
        with torch.inference_mode():
            values, _ = self.network(torch.from_numpy(view.state), view.columns, torch.from_numpy(view.engagement))
        return top_k(self.judge.ranker.choice.gains(view.appeal, values.numpy()), self.slate_size)
