"""What a fitted ranker expects of every item for every user: how it draws, and what opening it is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from driftrec.agents.baselines.common import read_mask
from driftrec.agents.policy import Observation
from driftrec.agents.ranker import Ranker
from driftrec.agents.state_encoder import as_tensors

Float = NDArray[np.float32]

READ = -50.0
"""Appeal of what was read lately: below all else, and still a number."""


@dataclass
class Predictions:
    """A ranker's view of some users and all items."""

    state: Float  # (users, state_dims)
    appeal: Float  # (users, items) log attraction over no-click at the first position; READ for what was read lately
    minutes: Float  # (users, items) if opened


class Judge:
    """A ranker made ready to serve.

    Args:
        ranker: A fitted ranker; not changed.
        farsighted: Add ``ranker.future``, the minutes to come, to the minutes now.
    """

    def __init__(self, ranker: Ranker, farsighted: bool) -> None:
        self.ranker = ranker.eval()
        self.num_items = len(ranker.future)
        self.future: Float = ranker.future.numpy().copy() if farsighted else np.zeros(self.num_items, np.float32)
        with torch.inference_mode():
            self._vectors = ranker.item_vectors()
            bias = ranker.position_bias
            positions = torch.exp(bias - bias[0]).numpy()
        self.positions: Float = np.minimum.accumulate(positions)  # (slate_size,), not increasing

    def predict(self, observation: Observation) -> Predictions:
        """The ranker's predictions."""
        with torch.inference_mode():
            state = self.ranker.encoder(as_tensors(observation))
            scores = self.ranker.predict(state, self._vectors)
            appeal = scores.appeal - scores.no_click + self.ranker.position_bias[0]
        shown = np.where(read_mask(observation, self.num_items), np.float32(READ), appeal.numpy())
        return Predictions(state.numpy(), shown, scores.minutes.numpy())

    def value(self, predicted: Predictions) -> Float:
        """Minutes if opened, now and to come, (users, items)."""
        return predicted.minutes + self.future
