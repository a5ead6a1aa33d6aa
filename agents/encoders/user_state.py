"""The encoders by name: how what a recommender sees of a user becomes a state vector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from driftrec.agents.encoders.item_tables import Table
from driftrec.agents.encoders.log_encoders import Recurrent, Transformer
from driftrec.agents.encoders.log_readers import LogReader, StepReader
from driftrec.agents.encoders.pages import Pages
from driftrec.agents.encoders.state_encoder import StateEncoder
from driftrec.simulators.settings import nearest

EncoderName = Literal["fading", "belief", "recurrent", "transformer"]
"""Fading memories alone; joined by what is believed of every topic, see ``TopicBelief`` and ``SongBelief``; by a
recurrent network's hidden vector over the pages; or by a causal transformer's."""

BESIDE = 0.1
"""Weight of predicting the end of sessions and the hours after a page beside the ranker's likelihood."""


class Encoder(Protocol):
    """Makes state vectors.

    Attributes:
        state_dims: Length of a state vector.
    """

    state_dims: int

    def __call__(self, observation: Mapping[str, Tensor]) -> Tensor:
        """State vectors, (users, state_dims)."""
        ...

    def learn(self, observation: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The same, and a loss that is to be made small beside the ranker's, a scalar."""
        ...


class LogState(nn.Module):
    """What fading memories say, and after it the last vector of an encoder of the log.

    Beside the ranker's likelihood it learns to tell of the last page, from what came before it, whether the session
    ended after it and log(1 + hours until now), by cross-entropy and squared error, ``BESIDE`` of each.

    Args:
        fading: Reads memories.
        reader: Reads pages.
    """

    def __init__(self, fading: StateEncoder, reader: LogReader) -> None:
        super().__init__()
        self.fading, self.reader = fading, reader
        self.state_dims = fading.state_dims + reader.dims
        self.after = nn.Linear(reader.dims + reader.pages.content_dims, 2)

    def forward(self, observation: Mapping[str, Tensor]) -> Tensor:
        """State vectors, (users, state_dims)."""
        return torch.cat([self.fading(observation), self.reader(observation)], dim=1)

    def learn(self, observation: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """State vectors, and the loss of what is told of the last page, see ``Encoder``."""
        tokens = self.reader.pages(observation)
        read = self.reader.encoder(tokens.values, tokens.there)
        before = nn.functional.pad(read, (0, 0, 1, 0))[:, -2]  # 0 where there is but one page
        told = self.after(torch.cat([before, tokens.content[:, -1]], dim=1))
        ended = (observation["clock"][:, 2] == 0).float()
        hours = torch.log1p(observation["age"][:, -self.reader.pages.slate_size :].amax(dim=1))
        wrong = nn.functional.binary_cross_entropy_with_logits(told[:, 0], ended, reduction="none")
        wrong = (wrong + (told[:, 1] - hours).square()) * tokens.there[:, -1]
        return torch.cat([self.fading(observation), read[:, -1]], dim=1), BESIDE * wrong.mean()


def read_by_fading(items: Table, personas: Table, slate_size: int) -> StateEncoder:
    """Fading memories alone."""
    return StateEncoder(items, personas)


def read_by_recurrent(items: Table, personas: Table, slate_size: int) -> LogState:
    """Those, and a recurrent network that goes on page by page while it serves."""
    pages = Pages(items, slate_size)
    return LogState(StateEncoder(items, personas), StepReader(pages, Recurrent(pages.token_dims)))


def read_by_transformer(items: Table, personas: Table, slate_size: int) -> LogState:
    """Those, and a causal transformer over the window."""
    pages = Pages(items, slate_size)
    return LogState(StateEncoder(items, personas), LogReader(pages, Transformer(pages.token_dims)))


ENCODERS: Mapping[str, Callable[[Table, Table, int], StateEncoder | LogState]] = {
    "fading": read_by_fading,
    "belief": read_by_fading,  # beliefs are of topics, and stand beside the state: see ``TextRanker``
    "recurrent": read_by_recurrent,
    "transformer": read_by_transformer,
}


def check_encoder(name: str) -> None:
    """Raise ValueError if there is no such encoder; names the nearest."""
    if name not in ENCODERS:
        raise ValueError(f"Encoder {name!r} is unknown. {nearest(name, ENCODERS)}")
