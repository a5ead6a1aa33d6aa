"""What time adds to an item's appeal, where items have dates: how old it is, and how much its topic is in the news."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import lfilter
from torch import Tensor, nn

SPANS = (1.0, 8.0, 64.0, 512.0)
"""Hours over which age and news are told, each eight times the one before: from one hour to three weeks."""


class Timeliness(nn.Module):
    """Log-odds that the moment adds to opening an item of topic c that appeared at hour t.

        age = moment - t, in the round of the calendar
        n_h = sum over the items j of topic c that are out: 2^(-(moment - t_j) / h), until the last full hour
        added = sum over SPANS h: w_h log(1 + age / h)  +  f(log(1 + n_h) for every h)

    with f a small network; w and f's last layer begin at 0, and stay there where a checkpoint knows none of it, as
    those of before do.

    Args:
        hours: When every item appears, (items,).
        period: Hours after which the calendar begins anew, whole ones.
        topic: Of every item, (items,).
        hidden: Width of f.
    """

    def __init__(self, hours: NDArray[np.float32], period: float, topic: NDArray[np.int64], hidden: int = 16) -> None:
        super().__init__()
        self.period = period
        self.hours: Tensor
        self.topic: Tensor
        self.news: Tensor
        self.register_buffer("hours", torch.from_numpy(hours.copy()), persistent=False)
        self.register_buffer("topic", torch.from_numpy(topic.copy()), persistent=False)
        self.register_buffer("news", torch.from_numpy(_news(hours, int(period), topic)), persistent=False)
        self.of_age = nn.Parameter(torch.zeros(len(SPANS)))
        self.inputs = nn.Linear(len(SPANS), hidden)
        self.out = nn.Linear(hidden, 1, bias=False)
        nn.init.zeros_(self.out.weight)

    def forward(self, moment: Tensor, items: Tensor, ago: Tensor | None = None) -> Tensor:
        """What the moment adds to ``items`` (users, n), (users, n).

        Args:
            moment: That it is, (users, 1).
            items: Positions in the catalogue.
            ago: Hours before the moment at which each was shown, (users, n); None for now.
        """
        topic = self.topic[items]
        if ago is None:
            of_news = self._of_news(self.news[self._hour(moment[:, 0])]).gather(1, topic)
        else:
            moment = moment - ago
            of_news = self._of_news(self.news[self._hour(moment), topic])
        age = torch.remainder(moment - self.hours[items], self.period)
        for weight, span in zip(self.of_age, SPANS, strict=True):
            of_news = of_news + weight * torch.log1p(age / span)
        return of_news

    def _of_news(self, counts: Tensor) -> Tensor:
        """What the news of a topic (..., spans) add, (...)."""
        added: Tensor = self.out(torch.relu(self.inputs(counts)))
        return added[..., 0]

    def _hour(self, moment: Tensor) -> Tensor:
        """Rows of ``news``."""
        return torch.remainder(moment.floor().long(), len(self.news))

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *told: Any) -> None:
        """As of any module; of a state that knows nothing of it, it adds nothing."""
        if not any(name.startswith(prefix) for name in state):
            state.update({f"{prefix}{name}": torch.zeros_like(value) for name, value in self.state_dict().items()})
        super()._load_from_state_dict(state, prefix, *told)


def _news(hours: NDArray[np.float32], period: int, topic: NDArray[np.int64]) -> NDArray[np.float32]:
    """Log(1 + n) of every hour, topic and span, (hours, topics, spans), the calendar having gone round once before."""
    counts = np.zeros((period, int(topic.max()) + 1))
    np.add.at(counts, (hours.astype(np.int64), topic), 1.0)
    rounds = np.concatenate([counts, counts])
    fades = [2.0 ** (-1.0 / span) for span in SPANS]
    recent = [lfilter([0.0, fade], [1.0, -fade], rounds, axis=0)[period:] for fade in fades]
    return np.log1p(np.stack(recent, axis=2)).astype(np.float32)
