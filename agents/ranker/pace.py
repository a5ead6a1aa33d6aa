"""Prices of pages: what an opening is worth beyond its engagement, and what it costs that its topic had enough."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from driftrec.agents.policy import Observation
from driftrec.agents.ranker.items import READ
from driftrec.agents.ranker.judge import View
from driftrec.agents.ranker.loads import Loads
from driftrec.agents.ranker.protocol import RECENT
from driftrec.simulators.vectors import Float

MOST = np.float32(3.0)
"""Openings at which the load over the bar is cut: nobody is more than bored."""


@dataclass(frozen=True)
class PageWeights:
    """What an opening is worth beyond its engagement, in the world's unit.

    Attributes:
        future: Weight of the engagement to come that the ranker tells of an item.
        opening: For opening anything at all.
        diversity: Lost per expected opening of the item's topic above on the page.
        price: Lost per opening by which load and expected openings above exceed ``bar``, at most ``MOST`` of them.
        bar: Openings of a topic that are not too much; by ``BelievedLoads`` a part of those that bore the user.
        half_life: See ``Loads``; not read by all of them.
        tired: Lost by an item that was opened of late, a logarithm of how often, see ``ItemMemory``; below 0 what is
            known gains. Not read where items are not opened again.
        growth: Gained per unit of log-odds that an opening adds to the taste for the topic, where loads know it.
        wear: Lost by an item that the opening is sure to wear out, and in part by one that it may, where loads know it.
    """

    future: float = 0.0
    opening: float = 0.0
    diversity: float = 0.0
    price: float = 0.0
    bar: float = 0.0
    half_life: float = 1.0
    tired: float = 0.0
    growth: float = 0.0
    wear: float = 0.0


WEIGHTS = tuple(field.name for field in fields(PageWeights))


@dataclass(frozen=True)
class Pace:
    """Prices, and what is known of topics: an index of items by what they bring, less what their topic has had.

        v_i = engagement_i + opening + future * later_i + growth * room_t
              - diversity * n_t - price * min((load_t + n_t - bar)+, MOST)

    of opening item i of topic t, with n_t openings of t expected above on the page, and load_t and room_t what is known
    of openings of late, and of what another adds to the taste for the topic; less tired * log(1 + openings of i itself
    of late) and wear * its chance to wear out, where items are opened again.

    Where showing loads, not opening, the price is of showing, whether i is opened or not: burden_i * price *
    min((load_t + m_t - bar)+, MOST), with burdens of m_t of the topic above on the page.

    Attributes:
        loads: What is known of topics.
        weights: The prices.
    """

    loads: Loads
    weights: PageWeights

    def worth(self, view: View, topic: NDArray[np.int64]) -> Float:
        """Of opening each item first on the page by a rested user, (users, items); as judged for what not to show.

        Args:
            view: Of the users.
            topic: Of its items, (users, items), or (items,).
        """
        later = view.value - view.engagement
        value = view.engagement + np.float32(self.weights.opening) + np.float32(self.weights.future) * later
        if view.past is not None:
            value -= np.float32(self.weights.tired) * view.past[..., RECENT]
        if (spent := self.loads.wears_out(view)) is not None:
            value -= np.float32(self.weights.wear) * spent
        if (room := self.loads.room(view)) is not None:
            of_items = np.take_along_axis(room, np.broadcast_to(topic, value.shape), axis=1)
            value += np.float32(self.weights.growth) * of_items
        return np.where(view.value <= READ, view.value, value)

    def excess(self, observation: Observation, view: View) -> Float:
        """Load of every topic over the bar, (users, topics)."""
        return self.loads.excess(observation, view, self.weights.bar, self.weights.half_life)

    def price(self, excess: Float, taken: Float) -> Float:
        """Of one more opening after ``taken`` of its topic, the shape of the two."""
        above = np.float32(self.weights.diversity) * taken
        return above if self.loads.burden is not None else self._over(excess + taken) + above

    def cost(self, excess: Float, shown: Float) -> Float:
        """Of showing one more after burdens ``shown`` of its topic, the shape of the two; 0 where opening loads."""
        return self._over(excess + shown) if self.loads.burden is not None else np.zeros_like(excess)

    def _over(self, excess: Float) -> Float:
        over: Float = np.float32(self.weights.price) * np.clip(excess, np.float32(0.0), MOST)
        return over


class PageNumbers(nn.Module):
    """Weights of pages as a checkpoint keeps them, float64.

    Args:
        weights: To hold.
    """

    def __init__(self, weights: PageWeights) -> None:
        super().__init__()
        self.numbers: Tensor
        self.register_buffer("numbers", torch.zeros(len(WEIGHTS), dtype=torch.float64))
        self.hold(weights)

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *others: Any) -> None:
        """As ``nn.Module``; checkpoints of before a weight was known have fewer numbers, and it is 0."""
        name = f"{prefix}numbers"
        if name in state_dict and len(state_dict[name]) < len(WEIGHTS):
            missing = len(WEIGHTS) - len(state_dict[name])
            state_dict = {**state_dict, name: nn.functional.pad(state_dict[name], (0, missing))}
        super()._load_from_state_dict(state_dict, prefix, *others)

    def hold(self, weights: PageWeights) -> None:
        """Hold others."""
        self.numbers.copy_(torch.tensor([getattr(weights, name) for name in WEIGHTS], dtype=torch.float64))

    def weights(self) -> PageWeights:
        """Those held."""
        return PageWeights(*self.numbers.tolist())
