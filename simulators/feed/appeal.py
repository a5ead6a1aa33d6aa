"""How likely a user is to open an item on its way down the page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftrec.simulators import warm
from driftrec.simulators.arrays import UserAmount, UserFlag, UserShare
from driftrec.simulators.engagement import sigmoid
from driftrec.simulators.feed.feed_arrays import UserDeviation
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.vectors import Float


@dataclass(frozen=True)
class Appeal:
    """Utility of opening item i at position k, and the chance of it. The page is read from the top, item by item.

        u = base + taste * A[c_i] + own * <z, x_i> + allure * a_i + trust * (S - 1/2) - bored * B[c_i]
            - seen * [opened before] - takeaway * n - position * k
        P(open) = sigmoid(u)

    A is the taste for the topic, z the user's own taste within topics, n how many items of the topic were opened above
    on this page. Each item is a decision of its own, as in cascade models (Craswell et al., 2008) without the stop;
    that an item takes from its like is the diminishing return of submodular diversity (Yue and Guestrin, 2011).

    Attributes:
        base: Log-odds of opening at taste 0. In [-20, 20].
        taste: Log-odds per unit of taste for the topic. In [0, 20].
        own: Log-odds per standard deviation of the user's own taste within topics. In [0, 20].
        allure: Log-odds per standard deviation of allure. In [0, 20].
        trust: Log-odds from satisfaction 0 to 1. In [0, 20].
        bored: Log-odds lost while bored with the topic. In [0, 20].
        seen: Log-odds lost where the user opened the item before. In [0, 20].
        takeaway: Log-odds lost for each item of the topic opened above on the page. In [0, 20].
        position: Log-odds lost per position. In [0, 20].
    """

    base: float = -1.8
    taste: float = 2.6
    own: float = 0.7
    allure: float = 0.6
    trust: float = 1.0
    bored: float = 4.0
    seen: float = 6.0
    takeaway: float = 0.7
    position: float = 0.05

    def __post_init__(self) -> None:
        check_ranges(self, base=(-20, 20), taste=(0, 20), own=(0, 20), allure=(0, 20), trust=(0, 20))
        check_ranges(self, bored=(0, 20), seen=(0, 20), takeaway=(0, 20), position=(0, 20))

    def standing(self, affinity: UserDeviation, allure: UserDeviation, seen: UserFlag) -> UserDeviation:
        """The part of u that a page does not change, without trust, of the shape of ``affinity``.

        Args:
            affinity: <z, x_i>, of any shape; the others broadcast to it.
            allure: Of the items.
            seen: Whether the user opened the item before.
        """
        utility = warm.scaled(affinity, np.float32(self.own))
        utility += np.float32(self.allure) * allure
        utility -= np.float32(self.seen) * seen
        utility += np.float32(self.base - self.trust / 2)
        return utility

    def pull(self, taste: UserAmount, bored: UserFlag, taken: Float | np.float32) -> UserDeviation:
        """The part of u that is the topic's, of the shape of ``taste``, with ``taken`` items of it opened above."""
        pull = np.float32(self.taste) * taste
        pull -= np.float32(self.bored) * bored
        pull -= np.float32(self.takeaway) * taken
        return pull

    def chance(self, utility: UserDeviation, satisfaction: UserShare, position: int) -> UserShare:
        """P(open) at ``position``, from the two parts together; ``satisfaction`` broadcasts to them."""
        return sigmoid(utility + (np.float32(self.trust) * satisfaction - np.float32(self.position * position)))
