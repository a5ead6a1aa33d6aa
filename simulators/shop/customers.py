"""What there is to know about a shop's customers, and what a visit shows and brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.history import History
from driftrec.simulators.shop.minds import Minds
from driftrec.simulators.vectors import Float
from driftrec.simulators.world import Feedback

Flags = NDArray[np.bool_]


@dataclass
class ShopState:
    """All there is to know about a batch of users; leading axis users.

    Arrays (users, categories) lie category by category in memory, so that a step runs over users.
    """

    keys: NDArray[np.uint64]  # (users,)
    step: NDArray[np.int64]  # (users,)
    persona: NDArray[np.int32]  # (users,)
    taste: Float  # (users, dims) unit vectors
    liking: Float  # (users, categories) cosine of taste and category
    rate: Float  # (users, categories) of the need, a day
    threshold: Float  # (users, categories) of wear, in offers
    need: Float  # (users, categories)
    call: Float  # (users, categories) of complements
    consideration: Float  # (users, categories)
    wear: Float  # (users, categories) things shown, fading
    muted: Flags  # (users, categories)
    views: Float  # (users, categories) things looked at, fading as wear does
    bought: Float  # (users, categories) day of the last purchase here, -inf before the first
    satisfaction: Float  # (users,)
    often: Flags  # (users,) habit
    clock: Float  # (users, 4) days, visits, days since the last one, reward in between
    gone: Flags  # (users,)
    minds: Minds
    history: History


@dataclass(frozen=True)
class ShopFeedback(Feedback):
    """A step's feedback, with what was bought after the visit.

    Attributes:
        later: Reward of purchases between this visit and the next, of things looked at before, float32, (users,).
    """

    later: Float

    def reward(self) -> Float:
        """That of the page and that of later purchases, (users,); raises as of ``Feedback``."""
        return super().reward() + self.later

    def as_info(self) -> dict[str, NDArray[Any]]:
        """As of ``Feedback``; what was bought later is in the observation that follows, under "clock"."""
        told = super().as_info()
        del told["later"]
        return told


@dataclass(frozen=True)
class Page:
    """What is shown, all (slate_size, users).

    Attributes:
        items: The things.
        shown: Whether there is one: no repeat, and a user to see it.
        category: Of the things.
        places: Of the categories in arrays (categories, users), laid out flat.
        offer: Whether they are for sale.
        fit: Cosine with the user's taste.
        same: Whether two positions are of one category, (slate_size, slate_size, users).
    """

    items: NDArray[np.int64]
    shown: Flags
    category: NDArray[np.int64]
    places: NDArray[np.int64]
    offer: Flags
    fit: Float
    same: Flags
