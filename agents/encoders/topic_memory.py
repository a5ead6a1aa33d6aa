"""What a user was shown and opened of every topic, as one vector a topic: who had enough of what, who wants more."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from driftrec.agents.encoders.fading import fading_counts
from driftrec.agents.encoders.item_tables import Table

START_HALF_LIVES = (0.5, 8.0, 96.0, 2000.0)
"""Hours over which counts fade, to begin with; they are learned."""

NEVER = 1e4
"""Hours since what never happened."""

_KINDS = 5
_N = len(START_HALF_LIVES)


class TopicMemory(nn.Module):
    """One small network for all topics: what holds for one of them holds for every one.

    Of a topic t it reads, with g_j of an impression 1, whether it was opened, and its engagement, and of a read 1 and
    its engagement,

        c_t = sum over j of topic t: g_j 2^(-age_j / half_life),  half-lives learned
        log(1 + c_t), log of the share opened of what was shown, the same two of all topics together,
        log hours since t was shown and opened last, what the persona says of t, and the session clock

    What the persona says is <p_t, x> + e, with x the persona's vector, and e the persona's own, learned from zero.

    Args:
        topic: Of every item, (items,).
        personas: Persona vectors.
        dims: Length of a topic's vector.
        hidden: Width of the network.
        beside: Numbers of every topic that are handed in beside the observation.

    Attributes:
        shape: Topics, and ``dims``.
    """

    def __init__(
        self, topic: NDArray[np.int64], personas: Table, dims: int = 16, hidden: int = 48, beside: int = 0
    ) -> None:
        super().__init__()
        num_topics = int(topic.max()) + 1
        self.shape, self.personas = (num_topics, dims), personas
        self.topic: Tensor
        self.register_buffer("topic", torch.from_numpy(topic.copy()), persistent=False)
        self.ones: Tensor
        self.register_buffer("ones", torch.eye(num_topics)[self.topic], persistent=False)  # (items, topics)
        self.log_half_life = nn.Parameter(torch.tensor(START_HALF_LIVES).log2().repeat(_KINDS, 1))
        self.says = nn.Linear(personas.dims, num_topics)
        self.own = nn.Parameter(torch.zeros(len(personas.rows), num_topics))
        width = 2 * (_KINDS + 1) * _N + 3 + 4 + beside
        self.linear = nn.Linear(width, dims)
        self.inputs = nn.Linear(width, hidden)
        self.bias = nn.Parameter(torch.zeros(num_topics, hidden))
        self.out = nn.Linear(hidden, dims)

    def forward(self, observation: Mapping[str, Tensor], beside: Tensor | None = None) -> Tensor:
        """Vectors of all topics, (users, topics, dims); ``beside`` (users, topics, numbers)."""
        x = self._read(observation)
        x = x if beside is None else torch.cat([x, beside], dim=2)
        return self.linear(x) + self.out(torch.relu(self.inputs(x) + self.bias))

    def _read(self, observation: Mapping[str, Tensor]) -> Tensor:
        """What the network reads, (users, topics, width)."""
        shown, age = observation["shown"].long(), observation["age"]
        read, read_age = observation["read_items"].long(), observation["read_age"]
        was_shown, was_read = (shown >= 0).float(), (read >= 0).float()
        shows = torch.stack([was_shown, observation["clicked"].float(), observation["engagement"]], dim=1)
        reads = torch.stack([was_read, observation["read_minutes"]], dim=1)
        of_shows = fading_counts(self.ones, shown, shows, age, self.log_half_life[:3])
        of_reads = fading_counts(self.ones, read, reads, read_age, self.log_half_life[3:])
        counts = torch.cat([of_shows, of_reads], dim=1)
        each, whole = _logarithms(counts), _logarithms(counts.sum(dim=2, keepdim=True)).expand(-1, self.shape[0], -1)
        persona = observation["persona"][:, 0].long()
        says = self.says(nn.functional.embedding(persona, self.personas()))
        says = says + nn.functional.embedding(persona, self.own)
        rest = [self._since(shown, was_shown, age), self._since(read, was_read, read_age), says]
        clock = torch.log1p(observation["clock"].float())[:, None].expand(-1, self.shape[0], -1)
        return torch.cat([each, whole, torch.stack(rest, dim=2), clock], dim=2)

    def _since(self, items: Tensor, happened: Tensor, age: Tensor) -> Tensor:
        """Log hours since the last event of every topic, (users, topics)."""
        hours = torch.where(happened > 0, age, NEVER)
        never = hours.new_full((len(items), self.shape[0]), NEVER)
        return torch.log1p(never.scatter_reduce(1, self.topic[items.clamp(min=0)], hours, "amin"))


def _logarithms(counts: Tensor) -> Tensor:
    """Of counts (users, kinds * half-lives, n), and of the share opened of what was shown, (users, n, ...)."""
    share = (counts[:, _N : 2 * _N] + 0.5) / (counts[:, :_N] + 2.0)
    return torch.cat([torch.log1p(counts), share.log()], dim=1).transpose(1, 2)
