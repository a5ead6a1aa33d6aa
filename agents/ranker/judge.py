"""What a fitted ranker expects of every item for every user: how it draws, and what opening it is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from driftrec.agents.baselines.common import read_places
from driftrec.agents.policy import Observation
from driftrec.agents.ranker.state_encoder import as_tensors
from driftrec.agents.ranker.text_ranker import Ranker
from driftrec.simulators import warm

Float = NDArray[np.float32]

READ = -1e4
"""Value of what was read lately, in minutes: below all else, and still a number."""

WITHHELD = -1e20
"""Value of what must not be shown: below what was read, however little it attracts."""


@dataclass
class Predictions:
    """A ranker's view of some users and all items."""

    state: Float  # (users, state_dims)
    appeal: Float  # (users, items) log attraction over no-click at the first position
    minutes: Float  # (users, items) now, if opened
    value: Float  # (users, items) minutes now and to come, if opened; READ and WITHHELD for what is not to be shown


class Judge:
    """A ranker made ready to serve.

    Args:
        ranker: A fitted ranker; not changed.
        farsighted: Add ``ranker.future``, the minutes to come, to the minutes now.
    """

    def __init__(self, ranker: Ranker, farsighted: bool) -> None:
        self.ranker = ranker.eval()
        self.num_items = len(ranker.future)
        self.num_shown = self.num_items - (0 if ranker.withheld is None else int(ranker.withheld.sum()))
        self.future: Float = ranker.future.numpy().copy() if farsighted else np.zeros(self.num_items, np.float32)
        with torch.no_grad():
            self._vectors = ranker.item_vectors()
            bias = ranker.position_bias
            positions = torch.exp(bias - bias[0]).numpy()
        self.positions: Float = np.minimum.accumulate(positions)  # (slate_size,), not increasing

    def predict(self, observation: Observation) -> Predictions:
        """The ranker's predictions."""
        with torch.inference_mode():
            state = self.ranker.encoder(as_tensors(observation))
            scores = self.ranker.predict(state, self._vectors)
            appeal = scores.appeal.sub_(scores.no_click).add_(self.ranker.position_bias[0])
        minutes = scores.minutes.numpy()
        value = np.add(minutes, self.future, out=warm.like(minutes))
        value[read_places(observation)] = READ
        if self.ranker.withheld is not None:
            value[:, self.ranker.withheld] = WITHHELD
        return Predictions(state.numpy(), appeal.numpy(), minutes, value)
