"""Which item of a slate a user opens, if any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import warm
from driftrec.simulators.arrays import (
    Draw,
    Position,
    PositionWeights,
    SlateCosine,
    SlateDeviation,
    SlateShare,
    SlateWeight,
    UserShare,
)
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.slates import pick
from driftrec.simulators.vectors import Float

MAX_UTILITY = np.float32(80.0)
"""Where utility is cut, so that the weights of a slate stay finite in float32. ``no_click`` is at most 20."""


@runtime_checkable
class ChoiceRule(Protocol):
    """How a reader opens one item of a slate or none, given the weights of the items.

    The weight at position k is ``attraction * position_weights[k]``, and 0 where the position is empty. What plans
    with full information (myopic oracle, planner) also needs the attribute ``no_click``, the utility of opening
    nothing, and takes P(open k) = w_k / (exp(no_click) + sum_j w_j) and position weights that do not increase for true.
    """

    def attraction(
        self,
        affinity: SlateCosine,
        allure: SlateDeviation,
        satiation: SlateShare,
        repeat: SlateShare,
        satisfaction: UserShare,
    ) -> SlateWeight:
        """Weight of items at the top, float32, >= 0, of the shape of ``affinity``, to which the others broadcast.

        Args:
            affinity: Cosine of interest and item, in [-1, 1], (slate_size, users) or, with all items, (users, items).
            allure: Allure of the item, in standard deviations.
            satiation: The user's with the item's topic, in [0, 1].
            repeat: 1 where the user read the item lately, else 0.
            satisfaction: The user's, in [0, 1].
        """
        ...

    def position_weights(self, slate_size: int) -> PositionWeights:
        """Factor at each position, from the top down, float32, >= 0, (slate_size,)."""
        ...

    def choose(self, weights: SlateWeight, draw: Draw) -> Position:
        """Position opened, -1 for none, int64, (users,).

        Args:
            weights: At each position, (slate_size, users).
            draw: Uniform in [0, 1), (users,): all that may be random.
        """
        ...


@dataclass(frozen=True)
class MultinomialLogit:
    """Multinomial logit over the positions of a slate and the option to open nothing.

    Utility of item i for user u:

        U = affinity * <interest_u, latent_i> + allure * allure_i - satiation * satiation_u[topic_i]
            - repeat * [i was read lately] + trust * (satisfaction_u - 1/2),  at most 80

    Weight at position k: w_k = exp(U - position * k). P(open k) = w_k / (exp(no_click) + sum_j w_j).
    Source: McFadden (1974). Position bias is a discount of utility inside the logit, not a chance of being looked at.

    Attributes:
        affinity: Utility per unit of cosine between interest and item. In [0, 20].
        allure: Utility per standard deviation of allure. In [0, 20].
        satiation: Utility lost at full satiation with the item's topic. In [0, 20].
        repeat: Utility lost when the item is among those the user read last. In [0, 20].
        trust: Utility gained from satisfaction 0 to 1; those who were disappointed open less. In [0, 20].
        position: Utility lost per position down the slate. In [0, 20].
        no_click: Utility of opening nothing. In [-20, 20].
    """

    affinity: float = 4.0
    allure: float = 0.8
    satiation: float = 3.0
    repeat: float = 6.0
    trust: float = 2.0
    position: float = 0.15
    no_click: float = 2.8

    def __post_init__(self) -> None:
        check_ranges(self, affinity=(0, 20), allure=(0, 20), satiation=(0, 20), repeat=(0, 20), trust=(0, 20))
        check_ranges(self, position=(0, 20), no_click=(-20, 20))

    def attraction(self, affinity: Float, allure: Float, satiation: Float, repeat: Float, satisfaction: Float) -> Float:
        """exp(U) before position bias, at most exp(80).

        Args:
            affinity: Cosine of interest and item, in [-1, 1], of any shape; the others broadcast to it.
            allure: Allure of the item, in standard deviations.
            satiation: User's satiation with the item's topic, in [0, 1].
            repeat: 1 where the user read the item lately, else 0.
            satisfaction: User's satisfaction, in [0, 1].

        Returns:
            Weights, of the shape of ``affinity``; 0 where exp(U) is too small for float32.
        """
        utility = warm.scaled(affinity, self.affinity)
        utility += warm.scaled(allure, self.allure)
        utility -= warm.scaled(satiation, self.satiation)
        utility -= warm.scaled(repeat, self.repeat)
        utility += self.trust * (satisfaction - np.float32(0.5))
        np.minimum(utility, MAX_UTILITY, out=utility)
        return np.exp(utility, out=utility)

    def position_weights(self, slate_size: int) -> Float:
        """exp(-position * k) for k = 0 .. slate_size - 1, shape (slate_size,)."""
        return np.exp(-self.position * np.arange(slate_size)).astype(np.float32)

    def choose(self, weights: Float, draw: Float) -> NDArray[np.int64]:
        """Open a position by inverting the cumulative weights, no-click last.

        Args:
            weights: w_k, 0 for empty positions, shape (slate_size, users).
            draw: Uniform in [0, 1), shape (users,).

        Returns:
            Position opened, or -1 for none, shape (users,).
        """
        return pick(weights, np.exp(self.no_click), draw)
