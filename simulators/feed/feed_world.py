"""A feed: users who read pages from the top, tire of topics, grow tastes, and form or lose the habit of coming."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import noise, warm
from driftrec.simulators.catalogue import Catalogue, Personas
from driftrec.simulators.feed.birth import Birth
from driftrec.simulators.feed.feed_config import FeedConfig
from driftrec.simulators.feed.feed_state import FeedState
from driftrec.simulators.feed.looks import Openings, item_traits
from driftrec.simulators.history import EMPTY
from driftrec.simulators.mechanisms import contents, kinds
from driftrec.simulators.past import MAX_HOURS, past_fields
from driftrec.simulators.slates import at_slates, first_places, slate_affinity
from driftrec.simulators.text_sizes import text_sizes
from driftrec.simulators.vectors import Float
from driftrec.simulators.world import NOBODY_LEAVES, Feedback, Field


@dataclass(frozen=True)
class FeedAppraisal:
    """What an all-knowing observer expects of every item at the top of a page, float32, (users, items).

    Attributes:
        utility: Log-odds of opening it.
        minutes: Mean minutes if opened.
        worth: How worthwhile it is if opened, in [0, 1].
        worn: Wear if opened once more, as a part of what wears out for the user; 0 of what does not wear, or (1, 1).
    """

    utility: Float
    minutes: Float
    worth: Float
    worn: Float


class FeedWorld:
    """The audience of a feed as a batched world (see ``driftrec.simulators.world.World``).

    Args:
        catalogue: The items.
        personas: The audience.
        slate_size: Positions of a page, 1 to the number of items.
        history: Impressions that the recommender sees, >= 1.
        config: The mechanisms; Video's when omitted.

    Raises:
        TypeError: If a size is not whole.
        ValueError: If the catalogue is smaller than the page, a size is out of range, or items and personas do not live
            in one space.
    """

    unit = "minutes"
    one_click = False
    words_after = 2  # of random words that a step uses besides one a position
    item_features = None  # items have texts

    def __init__(
        self,
        catalogue: Catalogue,
        personas: Personas,
        slate_size: int = 10,
        history: int = 200,
        config: FeedConfig | None = None,
    ) -> None:
        self.slate_size, self.history_length = text_sizes(catalogue, personas, slate_size, history)
        self.catalogue = catalogue
        self.personas = personas
        self.config = config or FeedConfig()
        self.num_items = catalogue.num_items
        self.num_topics = catalogue.num_topics
        self.traits = item_traits(catalogue)  # (items, dims)
        self.usual = self.config.taste.of_personas(personas.interest, catalogue.topic_directions())
        self.topics = dict(zip(catalogue.topic_names, np.eye(self.num_topics, dtype=np.float32), strict=True))
        self._birth = Birth(self.config, personas, self.usual)

    @property
    def settled(self) -> Mapping[str, Any]:
        """Arguments of its environment, see ``World``."""
        return {"history": self.history_length, "config": {**contents(self.config), **kinds(self.config)}}

    @property
    def fields(self) -> Mapping[str, Field]:
        """Shape, type and range of every observation field."""
        longest = self.config.watching.longest(float(self.catalogue.minutes.max()))
        people = self.personas.num_personas
        past = past_fields(self.catalogue.num_items, people, self.history_length, self.config.memory, longest)
        return {**past, "hour": Field((1,), np.float32, 0, 24)}

    def reset(self, seeds: NDArray[np.uint64]) -> FeedState:
        """New users, one a seed, with all that is their own."""
        return self._birth.users(seeds, self.catalogue.num_items, self.history_length, self.slate_size)

    def step(self, state: FeedState, slates: NDArray[np.int64]) -> Feedback:
        """Show one page a user. A repeat within a page is an empty position; users who are gone see nothing."""
        state.step += 1
        words = noise.block(state.keys, state.step, self.slate_size + self.words_after)
        pages = self._items(state, warm.copy(slates.T))  # (slate_size, users): numpy's inner loops run over users
        shown = first_places(pages)
        shown &= ~state.gone
        clicks, engagement = self._read(state, pages, shown, words[: self.slate_size])
        pages[~shown] = EMPTY
        state.history.add(pages.T, clicks.T, engagement.T, state.clock[:, 0])
        ended, gap, left = self._pass_time(state, _down(engagement), words[self.slate_size :])
        return Feedback(clicks.T, engagement.T, ended, gap, left)

    def observe(self, state: FeedState) -> dict[str, NDArray[Any]]:
        """Persona, last impressions, last opened, session clock and hour of the day: copies, see ``fields``."""
        now = state.clock[:, 0]
        return {
            "persona": state.persona[:, None].copy(),
            **state.history.observe(now),
            **state.opened.observe(now),
            "clock": state.clock.copy(),
            "hour": ((state.hour + now) % np.float32(24.0))[:, None],
        }

    def reveal(self, state: FeedState) -> dict[str, NDArray[Any]]:
        """Taste as a direction over topics, loads and what they bore (users, topics), and satisfaction (users,)."""
        return {
            "interest": self._direction(state.taste),
            "load": state.load.copy(),
            "bored": state.bored.copy(),
            "satisfaction": state.satisfaction.copy(),
        }

    def appraise(self, state: FeedState) -> FeedAppraisal:
        """Full information about every item for every user; neither state nor noise is touched."""
        catalogue, config = self.catalogue, self.config
        utility = self._standing_of_all(state)
        utility += config.appeal.pull(state.taste, state.bored, np.float32(0.0)).take(catalogue.topic, axis=1)
        taste = state.taste.take(catalogue.topic, axis=1)
        return FeedAppraisal(
            utility,
            config.watching.expected(catalogue.minutes, taste, catalogue.allure),
            config.regret.worth(catalogue.quality, catalogue.allure, taste),
            np.zeros((1, 1), np.float32),
        )

    def on_offer(self, state: FeedState) -> NDArray[np.int64]:
        """Items of the columns of ``appraise``, (1, items), the same for all users, or (users, items)."""
        return np.arange(self.num_items)[None]

    def at_usual_pace(self, state: FeedState) -> FeedState:
        """The same users with thresholds and annoyances of an average user: what one pace for all knows."""
        boredom = self.config.boredom
        threshold, annoy = np.full_like(state.threshold, boredom.threshold), np.full_like(state.annoy, boredom.annoy)
        return replace(state, threshold=threshold, annoy=annoy)

    def by_persona(self, state: FeedState) -> FeedState:
        """The same users as their personas tell them: average ones, who remember what they opened alone."""
        usual, own = self.usual[state.persona], np.zeros_like(state.own)
        return replace(
            self.at_usual_pace(state),
            taste=usual,
            potential=usual,
            own=self.config.taste.own(self.personas.interest[state.persona], own),
            load=np.zeros_like(state.load),
            bored=np.zeros_like(state.bored),
            satisfaction=np.full_like(state.satisfaction, 0.5),
        )

    def expected_engagement(self, state: FeedState) -> Float:
        """Expected minutes of every item if it were shown alone, (users, items)."""
        view = self.appraise(state)
        chance = self.config.appeal.chance(view.utility, state.satisfaction[:, None], 0)
        return np.multiply(chance, view.minutes, out=chance)

    def check_ends(self) -> None:
        """Raise ValueError if nobody could ever leave for good."""
        worst, longest = np.zeros(1, np.float32), np.full(1, self.config.habit.max_gap, np.float32)
        if self.config.habit.chance_of_loss(worst, longest).max() < noise.SMALLEST_CHANCE:
            raise ValueError(NOBODY_LEAVES)

    def _read(
        self, state: FeedState, pages: NDArray[np.int64], shown: NDArray[np.bool_], words: NDArray[np.uint64]
    ) -> tuple[NDArray[np.bool_], Float]:
        """Let every user read a page from the top: what was opened, and the minutes, both (slate_size, users)."""
        catalogue, config, users = self.catalogue, self.config, np.arange(pages.shape[1])
        draws = noise.uniform_pairs(words).reshape(*pages.shape, 2)  # minutes, opening
        places = warm.take(catalogue.topic, pages)
        places += users * self.num_topics
        standing = self._standing(state, pages)
        taken = np.zeros(state.taste.shape, np.float32)  # opened on this page by topic
        pull = config.appeal.pull(state.taste, state.bored, taken)
        clicks, engagement = np.zeros(pages.shape, np.bool_), np.zeros(pages.shape, np.float32)
        for k in range(len(pages)):
            utility = standing[k] + pull.ravel().take(places[k])
            clicks[k] = (draws[k, :, 1] < config.appeal.chance(utility, state.satisfaction, k)) & shown[k]
            state.satisfaction -= np.float32(config.regret.skip) * state.satisfaction * (shown[k] & ~clicks[k])
            rows = np.flatnonzero(clicks[k])
            opened = Openings(rows, pages[k].take(rows), places[k].take(rows))
            engagement[k, rows] = self._open(state, opened, draws[k].take(2 * rows))
            opened.put(taken, opened.at(taken) + np.float32(1.0))
            now = config.appeal.pull(opened.at(state.taste), opened.at(state.bored), opened.at(taken))
            opened.put(pull, now)
        return clicks, engagement

    def _items(self, state: FeedState, slates: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which items ``slates`` (slate_size, users) hold."""
        return slates

    def _standing(self, state: FeedState, pages: NDArray[np.int64]) -> Float:
        """The part of utility that a page does not change, (slate_size, users)."""
        affinity = slate_affinity(self.traits, pages, state.own)
        allure, seen = warm.take(self.catalogue.allure, pages), np.zeros((), np.bool_)
        if self.config.appeal.seen:  # looking up so large a memory is dear where nothing hangs on it
            seen = at_slates(state.seen, pages)
        return self.config.appeal.standing(affinity, allure, seen)

    def _standing_of_all(self, state: FeedState) -> Float:
        """The same of every item for every user, (users, items)."""
        affinity = state.own @ self.traits.T
        return self.config.appeal.standing(affinity, self.catalogue.allure, state.seen)

    def _open(self, state: FeedState, opened: Openings, draw: Float) -> Float:
        """Account for one opened item each; returns minutes, (opened,)."""
        catalogue, config = self.catalogue, self.config
        taste, allure = opened.at(state.taste), catalogue.allure.take(opened.items)
        expected = config.watching.expected(catalogue.minutes.take(opened.items), taste, allure)
        minutes = config.watching.minutes(expected, draw)
        worth = config.regret.worth(catalogue.quality.take(opened.items), allure, taste)
        satisfaction = state.satisfaction.take(opened.users)
        state.satisfaction[opened.users] = satisfaction + np.float32(config.regret.rate) * (worth - satisfaction)
        config.taste.take(state, opened, worth)
        config.boredom.take(state, opened)
        self._opened(state, opened, worth)
        state.seen.ravel()[opened.users * state.seen.shape[1] + opened.items] = True
        state.opened.add(opened.users, opened.items, minutes, state.clock[:, 0].take(opened.users))
        return minutes

    def _opened(self, state: FeedState, opened: Openings, worth: Float) -> None:
        """What more an opened item of that ``worth`` does: of clips nothing."""

    def _pass_time(
        self, state: FeedState, minutes: Float, words: NDArray[np.uint64]
    ) -> tuple[NDArray[np.bool_], Float, NDArray[np.bool_]]:
        """End sessions, let the hours pass, lose those who do not come back; returns ended, gap, left."""
        config, clock, there = self.config, state.clock, (~state.gone).astype(np.float32)
        clock[:, 2] += there
        clock[:, 3] += minutes
        chance = self._chance_of_end(state)
        ended = (noise.uniform(words[0]) < chance) & ~state.gone
        gap, left = self._part(state, ended, words)
        hours = ((minutes + np.float32(config.browsing_minutes)) / np.float32(60.0) + gap) * there
        clock[:, 0] += hours
        clock[:, 1] += ended
        clock[ended, 2:] = 0.0
        np.minimum(clock, np.float32(MAX_HOURS), out=clock)
        config.boredom.pass_time(state, hours, there)
        config.taste.pass_time(state, hours)
        state.gone |= left
        return ended, gap, left

    def _chance_of_end(self, state: FeedState) -> Float:
        """Chance that the session ends after this page, (users,)."""
        return self.config.weariness.chance(state.satisfaction, state.clock[:, 3])

    def _part(
        self, state: FeedState, ended: NDArray[np.bool_], words: NDArray[np.uint64]
    ) -> tuple[Float, NDArray[np.bool_]]:
        """Hours away, 0 where the session goes on, and whether it is for good; both (users,). Settles habits."""
        habit, users = self.config.habit, np.flatnonzero(ended)
        words = words[:, users]
        satisfaction = state.satisfaction[users]
        daily = habit.settle(state.daily[users], satisfaction, noise.uniform_low(words[1]))
        away = habit.gap(daily, noise.exponential(words[1]))
        state.daily[users] = daily
        gap, left = np.zeros(len(ended), np.float32), np.zeros(len(ended), np.bool_)
        gap[users] = away
        left[users] = noise.uniform_low(words[0]) < habit.chance_of_loss(satisfaction, away)
        return gap, left

    def _direction(self, taste: Float) -> Float:
        """Taste scaled to length 1, (users, topics); sums in one order, whatever the batch."""
        squares = np.zeros(len(taste), np.float32)
        for column in taste.T:
            squares += column * column
        return np.divide(taste, np.sqrt(np.maximum(squares, np.float32(1e-12)))[:, None], dtype=np.float32)


def _down(engagement: Float) -> Float:
    """Sum over positions, (users,), from the top."""
    total: Float = engagement[0].copy()
    for row in engagement[1:]:
        total += row
    return total
