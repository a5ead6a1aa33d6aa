"""What makes a news audience: the mechanisms and their numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from driftrec.simulators.choice import ChoiceRule, MultinomialLogit
from driftrec.simulators.drift import DriftRule, InterestDrift
from driftrec.simulators.engagement import Reading, ReadingRule
from driftrec.simulators.mechanisms import swappable
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.retention import Return, ReturnRule, SessionEnd, SessionEndRule
from driftrec.simulators.satiation import SatiationRule, TopicSatiation
from driftrec.simulators.satisfaction import Satisfaction, SatisfactionRule
from driftrec.simulators.sizes import check_sizes


@dataclass(frozen=True)
class NewsConfig:
    """The mechanisms of a news audience; each is an object that holds its own parameters, and nothing that changes.

    Attributes:
        choice: Which item of a slate is opened.
        reading: Minutes read.
        satisfaction: How worthwhile it was.
        satiation: Having had enough of a topic.
        drift: How interests move.
        session_end: When a session ends.
        comeback: Time away, and churn.
        individuality: Standard deviation per dimension of a user's interest around the persona's. >= 0.
        memory: Number of items last read that a user would not read again, and that a recommender sees. >= 1.
        browsing_minutes: Minutes that looking over a slate takes. > 0.
    """

    choice: ChoiceRule = field(default_factory=MultinomialLogit, metadata=swappable(ChoiceRule))
    reading: ReadingRule = field(default_factory=Reading, metadata=swappable(ReadingRule))
    satisfaction: SatisfactionRule = field(default_factory=Satisfaction, metadata=swappable(SatisfactionRule))
    satiation: SatiationRule = field(default_factory=TopicSatiation, metadata=swappable(SatiationRule))
    drift: DriftRule = field(default_factory=InterestDrift, metadata=swappable(DriftRule))
    session_end: SessionEndRule = field(default_factory=SessionEnd, metadata=swappable(SessionEndRule))
    comeback: ReturnRule = field(default_factory=Return, metadata=swappable(ReturnRule))
    individuality: float = 0.1
    memory: int = 16
    browsing_minutes: float = 0.5

    def __post_init__(self) -> None:
        check_ranges(self, individuality=(0, 10), browsing_minutes=(1e-3, 1e3))
        check_sizes(self, memory=(1, 10_000))
