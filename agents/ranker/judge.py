"""What a fitted ranker expects of every item for every user: how it draws, and what opening it is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from driftrec.agents.policy import Observation
from driftrec.agents.ranker.items import Items
from driftrec.agents.ranker.protocol import Ranker, Scores, as_tensors
from driftrec.agents.retrieval.retriever import CANDIDATES, Retriever
from driftrec.simulators import warm
from driftrec.simulators.vectors import Float

Noise = Callable[[tuple[int, ...]], Float]
"""Draws an array of that shape."""


@dataclass
class View:
    """A ranker's view of some users and all that may be shown to them, or of the candidates that were retrieved."""

    state: Float  # (users, width)
    shown: Tensor | None  # what may be shown, see ``Judge.every``
    appeal: Float  # (users, items) logit of opening it at the first position
    engagement: Float  # (users, items) now, if opened
    value: Float  # (users, items) now and to come, if opened; below all else for what is not to be shown
    gains: Float  # (users, items) worth of a place in the slate
    past: Float | None = None  # (users, items, numbers) what users opened of the very items, see ``Ranker.past``
    believed: Float | None = None  # (users, topics, numbers) see ``Ranker.believed``
    retrieved: NDArray[np.int64] | None = None  # (users, items) positions in the catalogue, None for all of them

    def positions(self, columns: NDArray[np.int64]) -> NDArray[np.int64]:
        """What slates hold for these columns of the view, both (users, n)."""
        return columns if self.retrieved is None else np.take_along_axis(self.retrieved, columns, axis=1)


class Judge:
    """A ranker made ready to serve.

    Args:
        ranker: Put into evaluation mode; whoever fits it further is served by what it has learned.
        items: What may be shown.
        farsighted: Count what opening an item does to the engagement after it.
        retriever: Finds candidates by the ranker's states, so that no other items are judged; all are when omitted.
    """

    def __init__(self, ranker: Ranker, items: Items, farsighted: bool, retriever: Retriever | None = None) -> None:
        self.ranker, self.items, self.farsighted, self.retriever = ranker.eval(), items, farsighted, retriever

    def count(self, observation: Observation) -> int:
        """Items that are judged for a user."""
        return self.items.count(observation) if self.retriever is None else CANDIDATES

    @property
    def device(self) -> torch.device:
        """Where the ranker computes."""
        return self.ranker.device

    def every(self, observation: Observation) -> Tensor | None:
        """All that may be shown, where the ranker computes, see ``Items.every``."""
        shown = self.items.every(observation)
        return None if shown is None else shown.to(self.device)

    def whole(self) -> Judge:
        """The same ranker judging all items, for whoever reads a view's columns as positions."""
        return self if self.retriever is None else Judge(self.ranker, self.items, self.farsighted)

    def view(self, observation: Observation, noise: Noise | None = None) -> View:
        """The ranker's view, with ``noise`` on the appeal in its gains."""
        with torch.inference_mode():
            seen = self.ranker.read(as_tensors(observation, self.device))
            state = self.ranker.state(seen)
            retrieved = None if self.retriever is None else self.retriever.retrieve(state)
            shown = self.every(observation) if retrieved is None else torch.from_numpy(retrieved).to(self.device)
            scores, past = self.scores(state, seen, shown)
            later = self.ranker.later(shown) if self.farsighted else torch.zeros(())
            believed = self.ranker.believed(state)
        appeal, engagement = scores.appeal.cpu().numpy(), scores.engagement.cpu().numpy()
        value = np.add(engagement, later.cpu().numpy(), out=warm.like(engagement))
        self.items.forbid(observation, value, retrieved)
        noisy = appeal if noise is None else appeal + noise(appeal.shape)
        gains = self.ranker.choice.gains(noisy, value)
        told = None if past is None else past.cpu().numpy()
        topics = None if believed is None else believed.cpu().numpy()
        return View(state.cpu().numpy(), shown, appeal, engagement, value, gains, told, topics, retrieved)

    def scores(self, state: Tensor, seen: Mapping[str, Tensor], shown: Tensor | None) -> tuple[Scores, Tensor | None]:
        """The ranker's scores, what users opened before and the moment counted in; and the former, ``Ranker.past``."""
        scores = self.ranker.scores(state, shown)
        past = self.ranker.past(seen, shown)
        if past is not None:
            scores.appeal.add_(self.ranker.again(past))
        timely = self.ranker.timely(seen, shown)
        if timely is not None:
            scores.appeal.add_(timely)
        return scores, past
