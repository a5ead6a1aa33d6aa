"""Which item of a slate a user opens, if any."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.ranges import check_ranges

Float = NDArray[np.float32]


@dataclass(frozen=True)
class MultinomialLogit:
    """Multinomial logit over the positions of a slate and the option to open nothing.

    Utility of item i for user u:

        U = affinity * <interest_u, latent_i> + allure * allure_i - satiation * satiation_u[topic_i]
            - repeat * [i was read lately] + trust * (satisfaction_u - 1/2)

    Weight at position k: w_k = exp(U - position * k). P(open k) = w_k / (exp(no_click) + sum_j w_j).
    Source: McFadden (1974); position bias as in the examination hypothesis, in log-odds.

    Attributes:
        affinity: Utility per unit of cosine between interest and item. >= 0.
        allure: Utility per standard deviation of allure. >= 0.
        satiation: Utility lost at full satiation with the item's topic. >= 0.
        repeat: Utility lost when the item is among those the user read last. >= 0.
        trust: Utility gained from satisfaction 0 to 1; those who were disappointed open less. >= 0.
        position: Utility lost per position down the slate. >= 0.
        no_click: Utility of opening nothing.
    """

    affinity: float = 4.0
    allure: float = 0.8
    satiation: float = 3.0
    repeat: float = 6.0
    trust: float = 2.0
    position: float = 0.15
    no_click: float = 2.8

    def __post_init__(self) -> None:
        inf = float("inf")
        check_ranges(self, affinity=(0, inf), allure=(0, inf), satiation=(0, inf), repeat=(0, inf), trust=(0, inf))
        check_ranges(self, position=(0, inf), no_click=(-20, 20))

    def attraction(self, affinity: Float, allure: Float, satiation: Float, repeat: Float, satisfaction: Float) -> Float:
        """exp(U) before position bias.

        Args:
            affinity: Cosine of interest and item, in [-1, 1]; any shape that broadcasts with the others.
            allure: Allure of the item, in standard deviations.
            satiation: User's satiation with the item's topic, in [0, 1].
            repeat: 1 where the user read the item lately, else 0.
            satisfaction: User's satisfaction, in [0, 1].

        Returns:
            Positive weights, broadcast shape.
        """
        utility = self.affinity * affinity
        utility += self.allure * allure
        utility -= self.satiation * satiation
        utility -= self.repeat * repeat
        utility += self.trust * (satisfaction - np.float32(0.5))
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
        cumulative = weights.copy()
        for k in range(1, len(cumulative)):  # row by row: one order of sums at any batch size
            cumulative[k] += cumulative[k - 1]
        threshold = draw * (cumulative[-1] + np.float32(np.exp(self.no_click)))  # (users,)
        position = np.zeros(draw.shape, np.int64)
        for row in cumulative:
            position += threshold >= row
        position[position == len(cumulative)] = -1
        return position
