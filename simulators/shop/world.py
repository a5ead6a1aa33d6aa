"""Shop: customers whose needs ripen and recur, who consider, buy now or later, tire of being shown the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import noise, warm
from driftrec.simulators.catalogue import Personas
from driftrec.simulators.history import EMPTY
from driftrec.simulators.mechanisms import contents, kinds
from driftrec.simulators.shop.config import UNITS, ShopConfig
from driftrec.simulators.shop.customers import ShopState
from driftrec.simulators.shop.goods import Goods
from driftrec.simulators.shop.visiting import MAX_DAYS, Visiting
from driftrec.simulators.text_sizes import text_sizes
from driftrec.simulators.vectors import Float
from driftrec.simulators.world import Field

LONG_AGO = np.float32(1000.0)
"""Days since the last purchase in a category where there was none, and at most."""


class ShopWorld(Visiting):
    """A shop's customers as a batched world (see ``driftrec.simulators.world.World``); a step is a visit.

    What a purchase calls for is in the category that follows, the last category's in the first.

    Args:
        goods: The things, offers and editorials.
        personas: The audience.
        slate_size: Positions in a page, 1 to the number of items.
        history: Impressions that the recommender sees, >= 1.
        config: The mechanisms; the defaults when omitted.

    Raises:
        TypeError: If a size is not whole.
        ValueError: If the catalogue is smaller than the page, a size is out of range, or the two have other dimensions.
    """

    one_click = False
    item_features = None  # items have texts

    def __init__(
        self,
        goods: Goods,
        personas: Personas,
        slate_size: int = 6,
        history: int = 60,
        config: ShopConfig | None = None,
    ) -> None:
        sizes = text_sizes(goods, personas, slate_size, history)
        super().__init__(goods, personas, *sizes, config or ShopConfig())
        self.topics = dict(zip(goods.topic_names, self.centres, strict=True))
        self.unit = UNITS[self.config.counts]

    @property
    def settled(self) -> Mapping[str, Any]:
        """Arguments of its environment, see ``World``."""
        return {"history": self.history_length, "config": {**contents(self.config), **kinds(self.config)}}

    @property
    def fields(self) -> Mapping[str, Field]:
        """Shape, type and range of every observation field."""
        seen, minds, categories = (self.history_length,), (self.config.memory,), (self.num_categories,)
        people, most = self.personas.num_personas, float(self.gain.max())
        return {
            "persona": Field((1,), np.int32, 0, people - 1),
            "shown": Field(seen, np.int32, EMPTY, self.num_items - 1),
            "clicked": Field(seen, np.int8, 0, 1),
            "engagement": Field(seen, np.float32, 0, most),
            "age": Field(seen, np.float32, 0, MAX_DAYS),
            "read_items": Field(minds, np.int32, EMPTY, self.num_items - 1),
            "read_minutes": Field(minds, np.float32, 0, most),
            "read_age": Field(minds, np.float32, 0, MAX_DAYS),
            "clock": Field((4,), np.float32, 0, MAX_DAYS),
            "since_purchase": Field(categories, np.float32, 0, float(LONG_AGO)),
            "shown_lately": Field(categories, np.float32, 0, MAX_DAYS),
            "views": Field(categories, np.float32, 0, MAX_DAYS),
        }

    def check_ends(self) -> None:
        """Raise ValueError if nobody is ever lost."""
        visits = self.config.visits
        longest, worst = (np.array([value], np.float32) for value in (visits.longest, 0))
        if visits.lost(longest, worst)[0] < noise.SMALLEST_CHANCE:
            raise ValueError(
                f"No episode could ever end: horizon is None, and nobody stays away for good with {visits}. "
                "Set a horizon, or a larger visits.churn."
            )

    def observe(self, state: ShopState) -> dict[str, NDArray[Any]]:
        """Persona, last impressions, things looked at last, clock, and counts by category: copies, see ``fields``."""
        now = state.clock[:, 0]
        since = np.subtract(now, state.bought.T, out=warm.like(state.bought.T))
        return {
            "persona": state.persona[:, None].copy(),
            **state.history.observe(now),
            **state.minds.observe(now),
            "clock": state.clock.copy(),
            "since_purchase": np.minimum(since, LONG_AGO, out=since).T,
            "shown_lately": warm.copy(state.wear.T).T,
            "views": warm.copy(state.views.T).T,
        }

    def reveal(self, state: ShopState) -> dict[str, NDArray[Any]]:
        """Taste (users, dims), need, consideration, muted (users, categories), satisfaction (users,): copies."""
        return {
            "interest": warm.copy(state.taste),
            "need": warm.copy(state.need.T).T,
            "consideration": warm.copy(state.consideration.T).T,
            "muted": warm.copy(state.muted.T).T,
            "satisfaction": state.satisfaction.copy(),
        }

    def expected_engagement(self, state: ShopState) -> Float:
        """Expected reward at once of every item if it were shown alone at the top, (users, items)."""
        chance = logistic(self.view_logits(state))
        chance *= logistic(self.buy_logits(state))
        chance *= self.gain
        return chance

    def view_logits(self, state: ShopState) -> Float:
        """Log-odds of looking at every item, were it shown alone at the top, (users, items)."""
        browsing, topic = self.config.browsing, self.catalogue.topic
        adds = browsing.of_categories(state.liking, self.urge(state), state.muted)
        logits = np.float32(browsing.fit) * (state.taste @ self.catalogue.latent.T)
        logits += adds[:, topic]
        logits += (np.float32(browsing.trust) * (state.satisfaction - np.float32(0.5)))[:, None]
        logits += self.appeal
        return logits

    def buy_logits(self, state: ShopState) -> Float:
        """Log-odds of buying every item, were it looked at now, (users, items); -inf of editorials."""
        purchase, topic = self.config.purchase, self.catalogue.topic
        adds = purchase.of_categories(self.urge(state), state.consideration)
        logits = np.float32(purchase.fit) * (state.taste @ self.catalogue.latent.T)
        logits += adds[:, topic]
        logits += (np.float32(purchase.trust) * (state.satisfaction - np.float32(0.5)))[:, None]
        logits += self.pull
        return logits


def logistic(logits: Float) -> Float:
    """Chances of log-odds, in place."""
    np.negative(logits, out=logits)
    with np.errstate(over="ignore"):
        np.exp(logits, out=logits)
    logits += np.float32(1)
    return np.reciprocal(logits, out=logits)
