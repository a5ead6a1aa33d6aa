"""TopicBoredom with a topic: nothing happens for long, then all of it, and it takes rest to pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftrec.simulators.arrays import UserAmount, UserShare
from driftrec.simulators.feed.feed_arrays import ThreeDeviations, TopicAmount
from driftrec.simulators.feed.feed_state import FeedState
from driftrec.simulators.feed.looks import Openings
from driftrec.simulators.ranges import check_ranges


@dataclass(frozen=True)
class TopicBoredom:
    """Load of a user u with a topic c, and a switch B with hysteresis.

        opened: load <- load + 1
        load >= threshold_uc: B on, and at that moment S <- S * (1 - annoy_uc)
        after a page, over h hours: load <- load * keep * 2^(-h / half_life_uc);  B off where load <= rest * threshold

    Threshold, half-life and annoyance are the user's own and of each topic, hidden and fixed for life:

        x_uc = x * exp(own * n - own^2 / 2),  n standard normal, mean x;  annoy_uc at most 0.9

    Source of the switch: relay hysteresis, as in models of variety seeking (McAlister, 1982) with a cost of satiation.

    Attributes:
        threshold: Mean load that bores. In [0.5, 1000].
        rest: Part of the threshold below which boredom ends. In [0, 1].
        keep: Part of the load left after a page. In [0, 1].
        half_life: Mean hours in which a load halves. In [0.001, 1e6].
        annoy: Mean part of satisfaction lost when boredom sets in. In [0, 1].
        own: Standard deviation of the logarithms of what is the user's and the topic's own. In [0, 2].
    """

    threshold: float = 5.0
    rest: float = 0.3
    keep: float = 0.85
    half_life: float = 12.0  # hours
    annoy: float = 0.25
    own: float = 0.5

    def __post_init__(self) -> None:
        check_ranges(self, threshold=(0.5, 1000), rest=(0, 1), keep=(0, 1), half_life=(1e-3, 1e6), annoy=(0, 1))
        check_ranges(self, own=(0, 2))

    def born(self, normals: ThreeDeviations) -> tuple[TopicAmount, TopicAmount, TopicAmount]:
        """Threshold, half-life and annoyance from standard normals (3, users, topics), each (users, topics)."""
        factors = np.exp(np.float32(self.own) * normals - np.float32(self.own**2 / 2))
        annoy = np.minimum(np.float32(self.annoy) * factors[2], np.float32(0.9))
        return np.float32(self.threshold) * factors[0], np.float32(self.half_life) * factors[1], annoy

    def take(self, state: FeedState, openings: Openings) -> None:
        """Account for one opened item each, and let those it is too much for be bored and annoyed."""
        load = openings.at(state.load) + np.float32(1.0)
        openings.put(state.load, load)
        fed_up = openings.of(np.flatnonzero((load >= openings.at(state.threshold)) & ~openings.at(state.bored)))
        fed_up.put(state.bored, True)
        state.satisfaction[fed_up.users] *= np.float32(1.0) - fed_up.at(state.annoy)

    def pass_time(self, state: FeedState, hours: UserAmount, there: UserShare) -> None:
        """Let ``hours`` (users,) pass after a page; ``there`` is 1 for users, and 0 for the gone, who stay as is."""
        fade = np.exp2(-hours[:, None] / state.half_life)
        fade *= np.float32(1.0) - np.float32(1.0 - self.keep) * there[:, None]
        state.load *= fade
        state.bored &= state.load > np.float32(self.rest) * state.threshold
