"""A feed of songs: repeats are welcome until they are worn out, and moods decide what is played."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import noise
from driftrec.simulators.catalogue import Catalogue, Personas
from driftrec.simulators.feed.feed_config import MUSIC, MusicConfig
from driftrec.simulators.feed.feed_state import FeedState
from driftrec.simulators.feed.feed_world import FeedAppraisal, FeedWorld
from driftrec.simulators.feed.looks import Openings
from driftrec.simulators.feed.mood import MOODS
from driftrec.simulators.feed.repeats import KNOWN
from driftrec.simulators.feed.song_state import SongState, nothing_heard
from driftrec.simulators.slates import at_slates
from driftrec.simulators.vectors import Float


class SongWorld(FeedWorld):
    """The audience of songs, see ``FeedWorld``; the subtopic of an item is its mood, one of ``MOODS``.

    Args:
        catalogue: The items.
        personas: The audience.
        slate_size: Positions of a page, 1 to the number of items.
        history: Impressions that the recommender sees, >= 1.
        config: The mechanisms; Music's when omitted.

    Raises:
        TypeError: If a size is not whole.
        ValueError: As of ``FeedWorld``, or if an item has no mood.
    """

    words_after = 3
    config: MusicConfig

    def __init__(
        self,
        catalogue: Catalogue,
        personas: Personas,
        slate_size: int = 8,
        history: int = 200,
        config: MusicConfig | None = None,
    ) -> None:
        super().__init__(catalogue, personas, slate_size, history, config or MUSIC)
        self.moods = _moods(catalogue)  # (items,)
        self._order = np.argsort(catalogue.topic, kind="stable")
        self._counts = np.bincount(catalogue.topic, minlength=catalogue.num_topics)
        self._starts = np.cumsum(self._counts) - self._counts

    def reset(self, seeds: NDArray[np.uint64]) -> SongState:
        """New users, one a seed, with what they have known for long and a mood of the hour."""
        state, config, n = super().reset(seeds), self.config, len(seeds)
        known = config.repeats.known
        keys = noise.stream_keys(noise.stream_keys(state.keys))
        words = noise.rows(keys, np.zeros(n, np.int64), known + 2, 0, known + 2)
        return SongState(
            **vars(state),
            heard=self._known(state, words[:, 2:]),
            limit=config.repeats.born(noise.normal(words[:, 0])),
            mood=config.mood.drawn(state.hour, noise.uniform(words[:, 1])),
            streak=np.full(n, 0.5, np.float32),
        )

    def reveal(self, state: FeedState) -> dict[str, NDArray[Any]]:
        """As of a feed, and the mood, (users,)."""
        return {**super().reveal(state), "mood": cast(SongState, state).mood.copy()}

    def appraise(self, state: FeedState) -> FeedAppraisal:
        """As of a feed, with the wear of songs."""
        assert isinstance(state, SongState)
        more = self.worn_now(state)[0] + np.float32(1.0)
        return replace(super().appraise(state), worn=more / state.limit[:, None])

    def at_usual_pace(self, state: FeedState) -> FeedState:
        """As of a feed; songs wear out as for an average user."""
        usual = np.full(len(state.gone), self.config.repeats.limit, np.float32)
        return replace(super().at_usual_pace(state), limit=usual)  # type: ignore[call-arg]

    def by_persona(self, state: FeedState) -> FeedState:
        """As of a feed; no song is known or worn, and the mood might be any."""
        assert isinstance(state, SongState)
        return replace(
            super().by_persona(state),
            heard=nothing_heard(*state.seen.shape),  # type: ignore[call-arg]
            mood=np.full_like(state.mood, -1),
        )

    def worn_now(self, state: SongState) -> tuple[Float, NDArray[np.bool_]]:
        """Wear of every song now, and whether it is worn out, both (users, items)."""
        repeats = self.config.repeats
        wear = repeats.wear(state.wear, state.clock[:, :1] - state.played)
        return wear, repeats.worn(state.worn > 0, wear, state.limit[:, None])

    def _known(self, state: FeedState, words: NDArray[np.uint64]) -> Float:
        """``SongState.heard`` at the start: familiar are ``words``' songs of the topics that the persona likes."""
        heard = nothing_heard(len(words), self.num_items)
        liked = np.argsort(-self.usual[state.persona], axis=1, kind="stable")[:, : max(self.config.taste.liked, 1)]
        which = (noise.uniform(words) * liked.shape[1]).astype(np.int64)  # (users, known)
        topics = np.take_along_axis(liked, which, axis=1)
        place = (noise.uniform_low(words) * self._counts[topics]).astype(np.int64)
        items = self._order[np.minimum(self._starts[topics] + place, self.num_items - 1)]
        np.put_along_axis(heard[..., 0], items, KNOWN, axis=1)
        return heard

    def _standing(self, state: FeedState, pages: NDArray[np.int64]) -> Float:
        """As of a feed, and what familiarity, wear and mood do."""
        assert isinstance(state, SongState)
        standing, repeats = super()._standing(state, pages), self.config.repeats
        familiar, wear, played, worn = np.moveaxis(at_slates(state.heard, pages), -1, 0)
        wear = repeats.wear(wear, state.clock[:, 0] - played)
        standing += repeats.pull(familiar, repeats.worn(worn > 0, wear, state.limit))
        standing += np.float32(self.config.mood.match) * (self.moods[pages] == state.mood)
        return standing

    def _standing_of_all(self, state: FeedState) -> Float:
        """The same of every item."""
        assert isinstance(state, SongState)
        standing = super()._standing_of_all(state)
        standing += self.config.repeats.pull(state.familiar, self.worn_now(state)[1])
        standing += np.float32(self.config.mood.match) * (self.moods == state.mood[:, None])
        return standing

    def _opened(self, state: FeedState, opened: Openings, worth: Float) -> None:
        """Songs played get familiar and wear; the streak goes on."""
        assert isinstance(state, SongState)
        repeats, users, now = self.config.repeats, opened.users, state.clock[:, 0].take(opened.users)
        limit, places = state.limit.take(users), users * self.num_items + opened.items
        every = state.heard.reshape(-1, state.heard.shape[2])
        heard = every.take(places, axis=0)  # (opened, 4)
        familiar, wear, played, worn = heard.T
        faded = repeats.wear(wear, now - played)
        was = repeats.worn(worn > 0, faded, limit)
        more = faded + np.float32(1.0)
        too_much = ~was & (more >= limit)
        familiar[:], wear[:], played[:], worn[:] = repeats.played(familiar), more, now, was | too_much
        every[places] = heard
        state.satisfaction[users[too_much]] *= np.float32(1.0 - repeats.annoy)
        streak = state.streak.take(users)
        state.streak[users] = streak + np.float32(self.config.streak.rate) * (worth - streak)

    def _chance_of_end(self, state: FeedState) -> Float:
        """As of a feed; a good streak holds."""
        assert isinstance(state, SongState)
        held = np.float32(self.config.streak.hold) * (state.streak - np.float32(0.5))
        return self.config.weariness.chance(state.satisfaction, state.clock[:, 3], held)

    def _pass_time(
        self, state: FeedState, minutes: Float, words: NDArray[np.uint64]
    ) -> tuple[NDArray[np.bool_], Float, NDArray[np.bool_]]:
        """As of a feed; moods change, and streaks end with their session."""
        assert isinstance(state, SongState)
        there = ~state.gone
        ended, gap, left = super()._pass_time(state, minutes, words)
        hour = (state.hour + state.clock[:, 0]) % np.float32(24.0)
        mood = self.config.mood.after(state.mood, ended, hour, noise.uniform(words[2]), noise.uniform_low(words[2]))
        state.mood = np.where(there, mood, state.mood)
        state.streak = np.where(ended, np.float32(0.5), state.streak)
        return ended, gap, left


def _moods(catalogue: Catalogue) -> NDArray[np.int64]:
    """Mood of every item as an index of ``MOODS``, (items,)."""
    for row, (item, mood) in enumerate(zip(catalogue.ids, catalogue.subtopics, strict=True)):
        if mood not in MOODS:
            raise ValueError(
                f"Item {item!r} (row {row}) has the subtopic {mood!r}; of a song it must be its mood: "
                f"{', '.join(MOODS)}. Give driftrec encode a table with one in the column mood of every item, or name "
                "the column that has them: --columns mood=COLUMN."
            )
    return np.array([MOODS.index(mood) for mood in catalogue.subtopics], np.int64)
