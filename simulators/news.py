"""News: readers whose interests drift, who tire of topics and of clickbait, who leave and return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import noise, warm
from driftrec.simulators.catalogue import Catalogue, Personas
from driftrec.simulators.history import EMPTY, History
from driftrec.simulators.mechanisms import contents, kinds, spelt
from driftrec.simulators.news_config import NewsConfig
from driftrec.simulators.past import MAX_HOURS, past_fields
from driftrec.simulators.reading_list import ReadingList
from driftrec.simulators.slates import at_slates, first_places, held, slate_affinity
from driftrec.simulators.text_sizes import text_sizes
from driftrec.simulators.vectors import Float, normalise
from driftrec.simulators.world import Appraisal, Feedback, Field, NotAppraisedError


@dataclass
class NewsState:
    """All there is to know about a batch of users; leading axis users."""

    keys: NDArray[np.uint64]  # (users,)
    step: NDArray[np.int64]  # (users,)
    persona: NDArray[np.int32]  # (users,)
    home: Float  # (users, dims) long-term interest
    interest: Float  # (users, dims)
    satiation: Float  # (users, topics)
    satisfaction: Float  # (users,)
    clock: Float  # (users, 4) hours, sessions, steps in session, minutes read in session
    gone: NDArray[np.bool_]  # (users,)
    read: ReadingList
    history: History


@dataclass(frozen=True)
class NewsAppraisal(Appraisal):
    """An ``Appraisal`` with what the planner weighs besides minutes.

    Attributes:
        worth: How worthwhile an item is if opened, in [0, 1], float32, (users, items).
        satiation: Of the user with the item's topic, in [0, 1], float32, (users, items).
    """

    worth: Float
    satiation: Float


class NewsWorld:
    """The news audience as a batched world (see ``driftrec.simulators.world.World``).

    Args:
        catalogue: The items.
        personas: The audience.
        slate_size: Positions in a slate, 1 to the number of items.
        history: Impressions that the recommender sees, >= 1.
        config: The mechanisms; the defaults when omitted.

    Raises:
        TypeError: If a size is not whole.
        ValueError: If the catalogue is smaller than the slate or a size is out of range.
    """

    unit = "minutes"
    one_click = True  # of a slate at most
    item_features = None  # items have texts

    def __init__(
        self,
        catalogue: Catalogue,
        personas: Personas,
        slate_size: int = 5,
        history: int = 50,
        config: NewsConfig | None = None,
    ) -> None:
        self.slate_size, self.history_length = text_sizes(catalogue, personas, slate_size, history)
        self.catalogue = catalogue
        self.personas = personas
        self.config = config or NewsConfig()
        self.num_items = catalogue.num_items
        self.dims = catalogue.latent.shape[1]
        self.topic_latent = catalogue.topic_directions().astype(np.float32)  # (topics, dims)
        self.topics = dict(zip(catalogue.topic_names, self.topic_latent, strict=True))
        self._positions = self.config.choice.position_weights(self.slate_size)  # (slate_size,)
        self._walk_words = -(-self.dims // 4)
        self._width = self._walk_words + 4

    @property
    def settled(self) -> Mapping[str, Any]:
        """Arguments of its environment, see ``World``."""
        return {"history": self.history_length, "config": {**contents(self.config), **kinds(self.config)}}

    @property
    def fields(self) -> Mapping[str, Field]:
        """Shape, type and range of every observation field."""
        longest = self.config.reading.longest(float(self.catalogue.minutes.max()))
        people = self.personas.num_personas
        return past_fields(self.num_items, people, self.history_length, self.config.memory, longest)

    def reset(self, seeds: NDArray[np.uint64]) -> NewsState:
        """New users, one a seed: a persona, an own variation of its interest, a satisfaction to begin with."""
        n = len(seeds)
        keys = noise.stream_keys(np.asarray(seeds, np.uint64))
        words = noise.block(keys, np.zeros(n, np.int64), self._width)
        persona = (noise.uniform(words[0]) * self.personas.num_personas).astype(np.int32)
        home = self.personas.interest[persona]
        home += self.config.individuality * noise.steps_of_walk(words[4:], self.dims)
        normalise(home)
        clock = np.zeros((4, n), np.float32).T  # each of the four in one piece
        clock[:, 1] = 1.0
        return NewsState(
            keys=keys,
            step=np.zeros(n, np.int64),
            persona=persona,
            home=home,
            interest=home.copy(),
            satiation=np.zeros((n, self.catalogue.num_topics), np.float32),
            satisfaction=self.config.satisfaction.start(noise.uniform(words[1])),
            clock=clock,
            gone=np.zeros(n, np.bool_),
            read=ReadingList(n, self.config.memory),
            history=History(n, self.history_length, self.slate_size),
        )

    def step(self, state: NewsState, slates: NDArray[np.int64]) -> Feedback:
        """Show one slate a user. A repeat within a slate is an empty position; users who are gone see nothing."""
        state.step += 1
        words = noise.block(state.keys, state.step, self._width)
        by_position = warm.copy(slates.T)  # (slate_size, users): numpy's inner loops run over users
        shown = first_places(by_position)
        shown &= ~state.gone
        affinity = slate_affinity(self.catalogue.latent, by_position, state.interest)
        position = self._choose(state, by_position, affinity, shown, noise.uniform(words[0]))
        opened = position >= 0
        users = np.flatnonzero(opened)
        places = position[users], users
        items = by_position[places]
        minutes = self._consume(state, users, items, affinity[places], opened, words[1])
        clicks = np.zeros(by_position.shape, np.bool_)
        clicks[places] = True
        engagement = np.zeros(by_position.shape, np.float32)
        engagement[places] = minutes
        by_position[~shown] = EMPTY
        state.history.add(by_position.T, clicks.T, engagement.T, state.clock[:, 0])
        ended, gap, left = self._pass_time(state, users, minutes, words)
        return Feedback(clicks.T, engagement.T, ended, gap, left)

    def observe(self, state: NewsState) -> dict[str, NDArray[Any]]:
        """Persona, last impressions, last reads and session clock: copies, see ``fields``."""
        now = state.clock[:, 0]
        return {
            "persona": state.persona[:, None].copy(),
            **state.history.observe(now),
            **state.read.observe(now),
            "clock": state.clock.copy(),
        }

    def reveal(self, state: NewsState) -> dict[str, NDArray[Any]]:
        """True interest (users, dims), satiation (users, topics) and satisfaction (users,): copies."""
        return {
            "interest": warm.copy(state.interest),
            "satiation": warm.copy(state.satiation),
            "satisfaction": state.satisfaction.copy(),
        }

    def appraise(self, state: NewsState, items: NDArray[np.int64] | None = None) -> NewsAppraisal:
        """Full information about every item for every user; neither state nor noise is touched.

        Args:
            state: Of the users.
            items: Those to appraise, (users, n), for arrays of this shape; every item when omitted.
        """
        if items is not None:
            return self._appraise_some(state, items)
        catalogue = self.catalogue
        everything = len(state.gone), self.num_items
        affinity = np.matmul(state.interest, catalogue.latent.T, out=warm.empty(everything, np.float32))
        repeat = warm.full(everything, np.float32(0))
        users, slots = np.nonzero(state.read.items >= 0)
        repeat[users, state.read.items[users, slots]] = 1.0
        satiation = warm.empty(everything, np.float32)
        state.satiation.take(catalogue.topic, axis=1, out=satiation, mode="clip")  # topics exist
        return self._view(state, slice(None), affinity, satiation, repeat)

    def _appraise_some(self, state: NewsState, items: NDArray[np.int64]) -> NewsAppraisal:
        """``appraise`` of ``items`` (users, n)."""
        catalogue = self.catalogue
        affinity = np.matmul(catalogue.latent[items], state.interest[:, :, None])[..., 0]
        satiation = np.take_along_axis(state.satiation, catalogue.topic[items], axis=1)
        repeat = held(state.read.items, items.T).T.astype(np.float32)
        return self._view(state, items, affinity, satiation, repeat)

    def _view(
        self, state: NewsState, items: NDArray[np.int64] | slice, affinity: Float, satiation: Float, repeat: Float
    ) -> NewsAppraisal:
        """What follows for ``items`` of the catalogue; the last three are (users, n)."""
        catalogue, config, satisfaction = self.catalogue, self.config, state.satisfaction[:, None]
        allure = catalogue.allure[items]
        return NewsAppraisal(
            attraction=config.choice.attraction(affinity, allure, satiation, repeat, satisfaction),
            engagement=config.reading.expected(catalogue.minutes[items], affinity, allure),
            no_click=self._no_click(),
            positions=self._positions.copy(),
            worth=config.satisfaction.worth(catalogue.quality[items], allure, affinity),
            satiation=satiation,
        )

    def expected_engagement(self, state: NewsState) -> Float:
        """Expected minutes of every item if it were shown alone, (users, items)."""
        view = self.appraise(state)
        against = np.add(view.attraction, np.float32(view.no_click), out=view.worth)
        chance = np.divide(view.attraction, against, out=view.attraction)
        return np.multiply(chance, view.engagement, out=chance)

    def check_ends(self) -> None:
        """Raise ValueError if even those who are worst off have no chance to end a session, or to leave for good."""
        comeback, end = self.config.comeback, self.config.session_end
        extremes = np.array([0.0, 1.0], np.float32)  # of satisfaction
        longest = comeback.gap(extremes, np.full(2, noise.LONGEST, np.float32))
        if comeback.churn_probability(longest).max() < noise.SMALLEST_CHANCE:
            raise ValueError(
                "No episode could ever end: horizon is None, and nobody stays away for good with comeback "
                f"{spelt(comeback)}. Set a horizon, or another comeback."
            )
        if end.probability(extremes, np.full(2, MAX_HOURS, np.float32)).max() < noise.SMALLEST_CHANCE:
            raise ValueError(
                "No episode could ever end: horizon is None, and no session ends with session_end "
                f"{spelt(end)}. Set a horizon, or another session_end."
            )

    def _no_click(self) -> float:
        """Weight of opening nothing, which only a multinomial logit has."""
        choice = self.config.choice
        if not hasattr(choice, "no_click"):
            raise NotAppraisedError(
                f"config.choice {spelt(choice)} has no no_click, as a multinomial logit has; myopic-oracle and "
                "planner, which appraise items one by one, need it. Leave them out."
            )
        return float(np.exp(choice.no_click))

    def _choose(
        self, state: NewsState, by_position: NDArray[np.int64], affinity: Float, shown: NDArray[np.bool_], draw: Float
    ) -> NDArray[np.int64]:
        """Position opened by every user, -1 for none."""
        catalogue = self.catalogue
        weights = self.config.choice.attraction(
            affinity,
            warm.take(catalogue.allure, by_position),
            at_slates(state.satiation, warm.take(catalogue.topic, by_position)),
            held(state.read.items, by_position).astype(np.float32),
            state.satisfaction,
        )
        weights *= self._positions[:, None]
        weights *= shown
        position = self.config.choice.choose(weights, draw)
        position[state.gone] = -1  # whatever the rule makes of a slate of empty positions
        return position

    def _consume(
        self,
        state: NewsState,
        users: NDArray[np.int64],
        items: NDArray[np.int64],
        affinity: Float,
        opened: NDArray[np.bool_],
        words: NDArray[np.uint64],
    ) -> Float:
        """Let ``users`` read ``items``, of that ``affinity``; returns the minutes, (opened,)."""
        catalogue, config = self.catalogue, self.config
        latent, allure = warm.take(catalogue.latent, items), catalogue.allure.take(items)
        minutes = config.reading.minutes(catalogue.minutes[items], affinity, allure, noise.normal(words[users]))
        worth = np.zeros(len(opened), np.float32)
        worth[users] = config.satisfaction.worth(catalogue.quality[items], allure, affinity)
        after = config.satisfaction.after(state.satisfaction, opened, worth)
        state.satisfaction = np.where(state.gone, state.satisfaction, after)
        config.satiation.build(state.satiation, users, catalogue.topic[items])
        config.drift.consume(state.interest, users, latent)
        state.read.add(users, items, minutes, state.clock[users, 0])
        return minutes

    def _pass_time(
        self, state: NewsState, users: NDArray[np.int64], minutes: Float, words: NDArray[np.uint64]
    ) -> tuple[NDArray[np.bool_], Float, NDArray[np.bool_]]:
        """End sessions, let the hours pass, lose those who do not come back; returns ended, gap, left."""
        config, clock = self.config, state.clock
        spent = np.full(len(state.gone), config.browsing_minutes, np.float32)
        spent[users] += minutes
        clock[:, 2] += ~state.gone
        clock[users, 3] += minutes
        chance = config.session_end.probability(state.satisfaction, clock[:, 3])
        ended = (noise.uniform_low(words[0]) < chance) & ~state.gone
        gap, left = self._part(state, ended, words[2])
        hours = (spent / np.float32(60.0) + gap) * ~state.gone
        clock[:, 0] += hours
        clock[:, 1] += ended
        clock[ended, 2:] = 0.0
        np.minimum(clock, np.float32(MAX_HOURS), out=clock)
        config.satiation.decay(state.satiation, hours)
        config.drift.pass_time(state.interest, state.home, hours, noise.steps_of_walk(words[4:], self.dims))
        config.drift.maybe_jump(
            state.interest, self.topic_latent, hours, noise.uniform(words[3]), noise.uniform_low(words[3])
        )
        state.gone |= left
        return ended, gap, left

    def _part(
        self, state: NewsState, ended: NDArray[np.bool_], words: NDArray[np.uint64]
    ) -> tuple[Float, NDArray[np.bool_]]:
        """Hours away, 0 where the session goes on, and whether it is for good; both (users,)."""
        comeback = self.config.comeback
        users = np.flatnonzero(ended)
        words = words[users]
        gap, left = np.zeros(len(ended), np.float32), np.zeros(len(ended), np.bool_)
        away = comeback.gap(state.satisfaction[users], noise.exponential(words))
        gap[users] = away
        left[users] = noise.uniform_low(words) < comeback.churn_probability(away)
        return gap, left
