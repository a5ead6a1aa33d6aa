"""The mechanisms of a shop's customers, each an object with its parameters."""

from __future__ import annotations

from dataclasses import dataclass, field

from driftrec.simulators.mechanisms import swappable
from driftrec.simulators.ranges import check_choices, check_ranges
from driftrec.simulators.shop.browsing import Browsing
from driftrec.simulators.shop.buying import Consideration, Later, Purchase
from driftrec.simulators.shop.needs import Complements, Needs
from driftrec.simulators.shop.visits import Contentment, Visits
from driftrec.simulators.shop.wear import Wear
from driftrec.simulators.sizes import check_sizes

UNITS = {"money": "euros", "purchases": "purchases"}
"""What a reward is counted in, by what it counts."""


@dataclass(frozen=True)
class ShopConfig:
    """The mechanisms of a shop's customers.

    Attributes:
        needs: How needs arise, ripen and recur.
        complements: What a purchase calls for.
        browsing: What of a page is looked at.
        consideration: Making up one's mind.
        purchase: What is bought at once.
        later: What is bought between visits, here or elsewhere.
        wear: Being shown the same category again.
        contentment: Satisfaction.
        visits: Time away, and churn.
        individuality: Standard deviation per dimension of a user's taste around the persona's. Chosen. >= 0.
        memory: Things looked at last that stay on a user's mind, and that a recommender sees. Chosen. >= 1.
        counts: What the reward is: "money" spent, or "purchases".
    """

    needs: Needs = field(default_factory=Needs, metadata=swappable(Needs))
    complements: Complements = field(default_factory=Complements, metadata=swappable(Complements))
    browsing: Browsing = field(default_factory=Browsing, metadata=swappable(Browsing))
    consideration: Consideration = field(default_factory=Consideration, metadata=swappable(Consideration))
    purchase: Purchase = field(default_factory=Purchase, metadata=swappable(Purchase))
    later: Later = field(default_factory=Later, metadata=swappable(Later))
    wear: Wear = field(default_factory=Wear, metadata=swappable(Wear))
    contentment: Contentment = field(default_factory=Contentment, metadata=swappable(Contentment))
    visits: Visits = field(default_factory=Visits, metadata=swappable(Visits))
    individuality: float = 0.1
    memory: int = 8
    counts: str = "money"

    def __post_init__(self) -> None:
        check_ranges(self, individuality=(0, 10))
        check_sizes(self, memory=(1, 1000))
        check_choices(self, counts=tuple(UNITS))
