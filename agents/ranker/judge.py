"""What a fitted ranker expects of every item for every user: how it draws, and what opening it is worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from driftrec.agents.policy import Observation
from driftrec.agents.ranker.items import Items
from driftrec.agents.ranker.protocol import Ranker, as_tensors
from driftrec.simulators import warm
from driftrec.simulators.vectors import Float

Noise = Callable[[tuple[int, ...]], Float]
"""Draws an array of that shape."""


@dataclass
class View:
    """A ranker's view of some users and all that may be shown to them."""

    state: Float  # (users, width)
    shown: Tensor | None  # what may be shown, see ``Items.every``
    appeal: Float  # (users, items) logit of opening it at the first position
    engagement: Float  # (users, items) now, if opened
    value: Float  # (users, items) now and to come, if opened; below all else for what is not to be shown
    gains: Float  # (users, items) worth of a place in the slate


class Judge:
    """A ranker made ready to serve.

    Args:
        ranker: Put into evaluation mode; whoever fits it further is served by what it has learned.
        items: What may be shown.
        farsighted: Count what opening an item does to the engagement after it.
    """

    def __init__(self, ranker: Ranker, items: Items, farsighted: bool) -> None:
        self.ranker, self.items, self.farsighted = ranker.eval(), items, farsighted

    def view(self, observation: Observation, noise: Noise | None = None) -> View:
        """The ranker's view, with ``noise`` on the appeal in its gains."""
        with torch.inference_mode():
            shown = self.items.every(observation)
            state = self.ranker.state(as_tensors(observation))
            scores = self.ranker.scores(state, shown)
            later = self.ranker.later(shown) if self.farsighted else torch.zeros(())
        appeal, engagement = scores.appeal.numpy(), scores.engagement.numpy()
        value = np.add(engagement, later.numpy(), out=warm.like(engagement))
        self.items.forbid(observation, value)
        noisy = appeal if noise is None else appeal + noise(appeal.shape)
        gains = self.ranker.choice.gains(noisy, value)
        return View(state.numpy(), shown, appeal, engagement, value, gains)
