"""New users of a feed, and all that is their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import noise, warm
from driftrec.simulators.catalogue import Personas
from driftrec.simulators.feed.feed_config import FeedConfig
from driftrec.simulators.feed.feed_state import FeedState
from driftrec.simulators.feed.opened import Opened
from driftrec.simulators.history import History
from driftrec.simulators.vectors import Float


class Birth:
    """Draws users. Their own numbers come from a stream of their own, so that its width is no matter of steps.

    Args:
        config: The mechanisms.
        personas: The audience.
        usual: Taste of an average user of every persona, (personas, topics).
    """

    def __init__(self, config: FeedConfig, personas: Personas, usual: Float) -> None:
        self.config, self.personas, self.usual = config, personas, usual
        topics, dims = usual.shape[1], personas.interest.shape[1]
        self._normals = -(-(4 * topics + dims) // 2)  # words
        self._width = 2 + topics + self._normals

    def users(self, seeds: NDArray[np.uint64], num_items: int, history: int, slate_size: int) -> FeedState:
        """One a seed.

        Args:
            seeds: Of the users, (users,).
            num_items: Items of the catalogue.
            history: Impressions that the recommender sees.
            slate_size: Positions of a page.
        """
        config, n = self.config, len(seeds)
        keys = noise.stream_keys(np.asarray(seeds, np.uint64))
        words = noise.rows(noise.stream_keys(keys), np.zeros(n, np.int64), self._width, 0, self._width)
        persona = (noise.uniform(words[:, 0]) * self.personas.num_personas).astype(np.int32)
        usual = self.usual[persona]
        shape = usual.shape
        drawn, normals = noise.uniform(words[:, 2 : 2 + shape[1]]), noise.normal_pairs(words[:, 2 + shape[1] :])
        by_topic = normals[:, : 4 * shape[1]].reshape(n, 4, shape[1]).transpose(1, 0, 2)
        home, potential = config.taste.born(usual, by_topic[0], drawn)
        threshold, half_life, annoy = (part.copy() for part in config.boredom.born(by_topic[1:]))
        satisfaction = config.regret.start(noise.uniform_low(words[:, 0]))
        clock = np.zeros((4, n), np.float32).T  # each of the four in one piece
        clock[:, 1] = 1.0
        return FeedState(
            keys=keys,
            step=np.zeros(n, np.int64),
            persona=persona,
            own=config.taste.own(
                self.personas.interest[persona], normals[:, 4 * shape[1] :][:, : self.personas.interest.shape[1]]
            ),
            home=home,
            potential=potential,
            taste=home.copy(),
            threshold=threshold,
            half_life=half_life,
            annoy=annoy,
            load=np.zeros(shape, np.float32),
            bored=np.zeros(shape, np.bool_),
            satisfaction=satisfaction,
            daily=noise.uniform(words[:, 1]) < config.habit.chance_of_daily(satisfaction),
            hour=np.float32(24.0) * noise.uniform_low(words[:, 1]),
            clock=clock,
            gone=np.zeros(n, np.bool_),
            seen=warm.full((n, num_items), np.False_),
            opened=Opened(n, config.memory),
            history=History(n, history, slate_size),
        )
