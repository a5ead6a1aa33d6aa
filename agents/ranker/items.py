"""What the agents know of the items of a published world: columns of numbers in place of text embeddings."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from driftrec.agents.policy import Observation

CANDIDATES = "candidates"
"""Key of the observation that holds features of candidates, in worlds that draw them for every request."""


class Items:
    """Columns of the items that may be shown: a catalogue's, the same for all users, or those of the request.

    A catalogue's features are joined by a one in the column of the largest: the topic that SARDINE counts clicks by.

    Args:
        features: Of a catalogue, (items, features); None where candidates come with the request.
        request_width: Columns of a candidate that comes with the request.

    Attributes:
        catalogue: Columns of a catalogue's items, (items, columns); None without one.
        topics: Their topics, (items,); empty without a catalogue.
        width: Columns of an item.
    """

    def __init__(self, features: NDArray[np.float32] | None, request_width: int = 0) -> None:
        self.catalogue: Tensor | None = None
        self.topics: NDArray[np.int64] = np.empty(0, np.int64)
        self.width = request_width
        if features is not None:
            self.topics = features.argmax(axis=1)
            main = np.eye(features.shape[1], dtype=np.float32)[self.topics]
            self.catalogue = torch.from_numpy(np.concatenate([features, main], axis=1))  # (items, columns)
            self.width = self.catalogue.shape[1]

    def columns(self, observation: Observation) -> Tensor:
        """Of all that may be shown: (items, columns), or (users, candidates, columns)."""
        return torch.from_numpy(observation[CANDIDATES]) if self.catalogue is None else self.catalogue

    def count(self, observation: Observation) -> int:
        """Items that may be shown to a user."""
        return self.columns(observation).shape[-2]

    def of(self, observation: Observation, slates: NDArray[np.int64]) -> Tensor:
        """Of what slates (users, n) hold, (users, n, columns)."""
        index = torch.from_numpy(slates)
        if self.catalogue is not None:
            return self.catalogue[index]
        columns = torch.from_numpy(observation[CANDIDATES])
        return columns.gather(1, index[..., None].expand(-1, -1, columns.shape[2]))
