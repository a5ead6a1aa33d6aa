"""A stream of news: a feed whose articles appear, age and are gone, while topics break for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import noise, warm
from driftrec.simulators.catalogue import Personas
from driftrec.simulators.feed.feed_config import STREAM, StreamConfig
from driftrec.simulators.feed.feed_state import FeedState
from driftrec.simulators.feed.feed_world import FeedAppraisal, FeedWorld
from driftrec.simulators.offers import MOMENT, OFFERED
from driftrec.simulators.slates import at_slates
from driftrec.simulators.vectors import Float
from driftrec.simulators.wire.calendar import Calendar
from driftrec.simulators.wire.dated import DAY, Dated
from driftrec.simulators.world import Field


@dataclass
class StreamState(FeedState):
    """Readers of a stream of news."""

    arrival: Float  # (users,) hour of the calendar of the first visit
    moment: Float  # (users,) hour of the calendar now
    offer: NDArray[np.int64]  # (users,) which articles are on offer, see ``Calendar.places``


class StreamWorld(FeedWorld):
    """Readers of news that moves.

    At any time the ``num_candidates`` newest articles are on offer, newest first; a slate holds their positions, and
    all that is observed of the past names items of the catalogue. A reader comes on a day drawn uniformly from the
    calendar, which begins anew after its last day. Beside what the feed says, utility has

        u <- u - loss * log2(1 + age / half_life) + gain * heat_c(now)

    with age and heat at the beginning of the page.

    Args:
        catalogue: The articles, with dates.
        personas: The audience.
        slate_size: Positions of a page, 1 to the number of candidates.
        history: Impressions that the recommender sees, >= 1.
        num_candidates: Articles on offer at any time, 1 to their number.
        config: The mechanisms; ``STREAM`` when omitted.

    Raises:
        TypeError: If a size is not whole.
        ValueError: As of ``FeedWorld``, or if there are fewer candidates than positions, or more than articles.
    """

    config: StreamConfig
    catalogue: Dated

    def __init__(
        self,
        catalogue: Dated,
        personas: Personas,
        slate_size: int = 8,
        history: int = 160,
        num_candidates: int = 320,
        config: StreamConfig | None = None,
    ) -> None:
        super().__init__(catalogue, personas, slate_size, history, config or STREAM)
        self.calendar = Calendar(catalogue, num_candidates)
        self.num_items = self.calendar.count
        if self.slate_size > self.num_items:
            raise ValueError(
                f"num_candidates is {self.num_items}, too few for pages of {self.slate_size}; offer more articles."
            )

    @property
    def settled(self) -> Mapping[str, Any]:
        """Arguments of its environment, see ``World``."""
        return {**super().settled, "num_candidates": self.num_items}

    @property
    def fields(self) -> Mapping[str, Field]:
        """As of a feed, what is on offer, and when it is."""
        offer = Field((self.num_items,), np.int32, 0, self.catalogue.num_items - 1)
        return {**super().fields, OFFERED: offer, MOMENT: Field((1,), np.float32, 0, self.calendar.period)}

    def reset(self, seeds: NDArray[np.uint64]) -> StreamState:
        """New readers, one a seed, who come on any day."""
        state = super().reset(seeds)
        keys = noise.stream_keys(noise.stream_keys(state.keys))
        words = noise.rows(keys, np.zeros(len(seeds), np.int64), 1, 0, 1)
        days = int(self.calendar.period / DAY)
        day = np.minimum((noise.uniform(words[:, 0]) * days).astype(np.int64), days - 1)
        arrival = state.hour + np.float32(DAY) * day.astype(np.float32)
        moment = self.calendar.moment(arrival)
        return StreamState(**vars(state), arrival=arrival, moment=moment, offer=self.calendar.places(moment))

    def observe(self, state: FeedState) -> dict[str, NDArray[Any]]:
        """As of a feed, the articles on offer, and the hour of the calendar, of which their ages follow."""
        state = cast(StreamState, state)
        offered = self.calendar.offered(state.offer)
        return {**super().observe(state), OFFERED: offered, MOMENT: state.moment[:, None].copy()}

    def reveal(self, state: FeedState) -> dict[str, NDArray[Any]]:
        """As of a feed, and how much every topic is in the news, (users, topics)."""
        return {**super().reveal(state), "heat": self.calendar.heat(cast(StreamState, state).moment)}

    def on_offer(self, state: FeedState) -> NDArray[np.int64]:
        """Items of the columns of ``appraise``, (users, candidates)."""
        return self.calendar.offered(cast(StreamState, state).offer).astype(np.int64)

    def appraise(self, state: FeedState) -> FeedAppraisal:
        """Full information about everything on offer, each (users, candidates)."""
        catalogue, config, items = self.catalogue, self.config, self.on_offer(state).T
        topic = catalogue.topic[items]
        allure, taste = catalogue.allure[items], at_slates(state.taste, topic)
        utility = self._standing(state, items)
        utility += at_slates(config.appeal.pull(state.taste, state.bored, np.float32(0.0)), topic)
        minutes = config.watching.expected(catalogue.minutes[items], taste, allure)
        worth = config.regret.worth(catalogue.quality[items], allure, taste)
        return FeedAppraisal(utility.T, minutes.T, worth.T, np.zeros((1, 1), np.float32))

    def _items(self, state: FeedState, slates: NDArray[np.int64]) -> NDArray[np.int64]:
        return self.calendar.at(cast(StreamState, state).offer, slates)

    def _standing(self, state: FeedState, pages: NDArray[np.int64]) -> Float:
        """As of a feed, and what age and heat do."""
        moment = cast(StreamState, state).moment
        age = self.calendar.age(moment, pages)
        standing = super()._standing(state, pages)
        standing += self.config.freshness.pull(age)
        heat = self.config.breaking.pull(self.calendar.heat(moment))
        standing += at_slates(heat, warm.take(self.catalogue.topic, pages))
        return standing

    def _pass_time(
        self, state: FeedState, minutes: Float, words: NDArray[np.uint64]
    ) -> tuple[NDArray[np.bool_], Float, NDArray[np.bool_]]:
        """As of a feed; meanwhile articles appear."""
        happened = super()._pass_time(state, minutes, words)
        state = cast(StreamState, state)
        state.moment[:] = self.calendar.moment(state.arrival + state.clock[:, 0])
        state.offer[:] = self.calendar.places(state.moment)
        return happened
