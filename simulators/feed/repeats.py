"""What hearing a song again does: it is liked better for a while, until it is worn out and has to rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftrec.simulators.arrays import OpenedAmount, OpenedDeviation, OpenedShare, UserAmount
from driftrec.simulators.feed.feed_arrays import OpenedFlag, UserDeviation
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.sizes import check_sizes

KNOWN = np.float32(0.8)
"""Familiarity of what a user has known from the start."""


@dataclass(frozen=True)
class Repeats:
    """Familiarity F in [0, 1] of a user with a song, its wear, and a switch W with hysteresis.

        utility: + familiar * (F - 1/2) - worn_out * W
        played: F <- F + gain * (1 - F);  wear <- wear + 1;  wear >= limit_u: W on, and once S <- S * (1 - annoy)
        over h hours: wear <- wear * 2^(-h / half_life);  W off where wear <= rest * limit_u

    ``known`` songs of liked topics are familiar from the start, F = 0.8, all others F = 0. The limit is the user's own,
    limit * exp(own * n - own^2 / 2). Liking is an inverted U in plays (Berlyne, 1970). Wear fades when it is looked at.

    Attributes:
        familiar: Log-odds from unknown to familiar. In [0, 20].
        gain: Part of the way to familiar that one play moves. In [0, 1].
        known: Draws of songs known from the start. In [0, 1000].
        limit: Mean wear that wears out. In [0.5, 1000].
        rest: Part of the limit below which a song can be heard again. In [0, 1].
        half_life: Hours in which wear halves. In [0.001, 1e6].
        worn_out: Log-odds lost by a worn-out song. In [0, 20].
        annoy: Part of satisfaction lost when a song wears out. In [0, 1].
        own: Standard deviation of the logarithm of the user's own limit. In [0, 2].
    """

    familiar: float = 3.5
    gain: float = 0.25
    known: int = 10
    limit: float = 3.0
    rest: float = 0.25
    half_life: float = 96.0  # hours
    worn_out: float = 4.0
    annoy: float = 0.12
    own: float = 0.5

    def __post_init__(self) -> None:
        check_ranges(self, familiar=(0, 20), gain=(0, 1), limit=(0.5, 1000), rest=(0, 1), half_life=(1e-3, 1e6))
        check_ranges(self, worn_out=(0, 20), annoy=(0, 1), own=(0, 2))
        check_sizes(self, known=(0, 1000))

    def born(self, normals: UserDeviation) -> UserAmount:
        """The users' own limits, (users,), from standard normals."""
        return np.float32(self.limit) * np.exp(np.float32(self.own) * normals - np.float32(self.own**2 / 2))

    def wear(self, wear: OpenedAmount, hours: OpenedAmount) -> OpenedAmount:
        """Wear after ``hours``. Shape kept."""
        return wear * np.exp2(hours * np.float32(-1.0 / self.half_life))

    def worn(self, worn: OpenedFlag, wear: OpenedAmount, limit: OpenedAmount) -> OpenedFlag:
        """Where W is still on, from where it was, the wear now and the user's limit."""
        return worn & (wear > np.float32(self.rest) * limit)

    def pull(self, familiar: OpenedShare, worn: OpenedFlag) -> OpenedDeviation:
        """What it adds to the utility of playing a song. Shape kept."""
        pull = np.float32(self.familiar) * (familiar - np.float32(0.5))
        pull -= np.float32(self.worn_out) * worn
        return pull

    def played(self, familiar: OpenedShare) -> OpenedShare:
        """Familiarity after one more play. Shape kept."""
        return familiar + np.float32(self.gain) * (np.float32(1.0) - familiar)
