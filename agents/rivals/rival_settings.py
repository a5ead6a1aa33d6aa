"""How rivals are trained on the ranker of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from driftrec.simulators.ranges import check_ranges


@dataclass(frozen=True)
class RivalSettings:
    """What every training of a rival sets.

    Attributes:
        validation_users: Users of a measurement, always the same; the best measured is kept.
    """

    validation_users: int = 256

    def __post_init__(self) -> None:
        check_ranges(self, validation_users=(1, 1e6))


@dataclass(frozen=True)
class PageSettings(RivalSettings):
    """How the prices of "diverse" and "paced" are searched, see ``rivals.page_search``.

    Attributes:
        users: Users that each candidate meets, the same for all.
        rounds: Rounds of each search: paced begins with that of diverse.
        samples: Candidates a round, of which the best quarter sets the next.
    """

    users: int = 128
    rounds: int = 5
    samples: int = 12

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(self, users=(1, 1e6), rounds=(1, 1e4), samples=(4, 1e6))


RIVALS: Mapping[str, RivalSettings] = MappingProxyType({"diverse": PageSettings(), "paced": PageSettings()})
"""By kind, where the world does not say otherwise."""
