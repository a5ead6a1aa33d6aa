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
class PriceSettings:
    """How prices of pages are searched, see ``rivals.page_search``.

    Attributes:
        users: Users that each candidate meets, the same for all.
        rounds: Rounds of the search, shared by its stages: paced begins with that of diverse.
        samples: Candidates a round, of which the best quarter sets the next.
        unit: Prices are searched in so many engagements of one opening.
    """

    users: int = 128
    rounds: int = 6
    samples: int = 24
    unit: float = 1.0

    def __post_init__(self) -> None:
        check_ranges(self, users=(1, 1e6), rounds=(1, 1e4), samples=(4, 1e6), unit=(1e-6, 1e6))


@dataclass(frozen=True)
class PageSettings(RivalSettings, PriceSettings):
    """How "diverse" and "paced" are trained: the search, and who measures."""

    def __post_init__(self) -> None:
        RivalSettings.__post_init__(self)
        PriceSettings.__post_init__(self)


@dataclass(frozen=True)
class ValueSettings(RivalSettings):
    """How the values of "q1" and "q2" are fitted, see ``rivals.value_iteration``.

    Attributes:
        gamma: Discount a step.
        lanes: Users served side by side while logging.
        log_steps: Steps a lane in each round of logging: random slates first, its own with noise after.
        noise: Scale of the Gumbel noise on appeal when logging own slates.
        ridge: Weight of the squared slopes, in steps.
        weights: How much values count, that are tried; the best is kept.
        users: Users of a try, the same for all.
    """

    gamma: float = 0.95
    lanes: int = 256
    log_steps: int = 200
    noise: float = 0.5
    ridge: float = 100.0
    weights: tuple[float, ...] = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
    users: int = 128

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(self, gamma=(0, 0.9999), lanes=(1, 1e6), log_steps=(2, 1e6), noise=(0, 100), users=(1, 1e6))
        check_ranges(self, ridge=(1e-9, 1e12))
        if not self.weights:
            raise ValueError("ValueSettings.weights is empty; give at least one, such as 1.")


@dataclass(frozen=True)
class ImitationSettings(RivalSettings):
    """How "imitation" learns, see ``rivals.imitation``.

    Attributes:
        users: Users of each round: of the planner first, of the policy itself after.
        rounds: Rounds in which the policy itself serves.
        epochs: Passes over all that was met, in every round.
        batch_size: Situations a gradient.
        learning_rate: Adam's step size at the start; falls to 0 over a round (cosine).
        candidates: As of ``PPOSettings``, as the next.
        temper: Weight of the candidates' score in the logits at the start.
    """

    users: int = 256
    rounds: int = 2
    epochs: int = 4
    batch_size: int = 512
    learning_rate: float = 0.01
    candidates: int = 96
    temper: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(self, users=(1, 1e6), rounds=(0, 1e3), epochs=(1, 1e4), batch_size=(1, 1e9))
        check_ranges(self, learning_rate=(0, 10), candidates=(1, 1e6), temper=(0, 1e3))


RIVALS: Mapping[str, RivalSettings] = MappingProxyType(
    {
        "diverse": PageSettings(),
        "paced": PageSettings(),
        "q1": ValueSettings(),
        "q2": ValueSettings(),
        "imitation": ImitationSettings(),
    }
)
"""By kind, where the world does not say otherwise."""
