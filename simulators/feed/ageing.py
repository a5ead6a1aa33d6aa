"""What time does to news: articles age, and topics that break draw everybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftrec.simulators.arrays import OpenedAmount, OpenedDeviation
from driftrec.simulators.feed.feed_arrays import TopicAmount, TopicDeviation
from driftrec.simulators.ranges import check_ranges


@dataclass(frozen=True)
class Freshness:
    """Log-odds that an article loses with its age.

        u <- u - loss * log2(1 + age / half_life)

    Attention to news falls as a power of its age (Wu and Huberman, 2007).

    Attributes:
        loss: Log-odds lost with every doubling of 1 + age / half_life. In [0, 20].
        half_life: Hours of the first doubling. In [0.001, 1e6].
    """

    loss: float = 0.3
    half_life: float = 24.0  # hours

    def __post_init__(self) -> None:
        check_ranges(self, loss=(0, 20), half_life=(1e-3, 1e6))

    def pull(self, age: OpenedAmount) -> OpenedDeviation:
        """The part of the utility that is due to ``age`` in hours. Shape kept."""
        return np.float32(-self.loss) * np.log2(np.float32(1.0) + age * np.float32(1.0 / self.half_life))


@dataclass(frozen=True)
class Breaking:
    """Log-odds that an article gains while its topic is in the news, for everybody: u <- u + gain * heat_c.

    The heat of a topic is told by how many articles it has of late, see ``simulators.wire.calendar``.

    Attributes:
        gain: Log-odds per unit of heat. In [0, 20].
    """

    gain: float = 0.8

    def __post_init__(self) -> None:
        check_ranges(self, gain=(0, 20))

    def pull(self, heat: TopicAmount) -> TopicDeviation:
        """The part of the utility that is due to ``heat``. Shape kept."""
        return np.float32(self.gain) * heat
