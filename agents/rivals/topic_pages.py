"""Pages filled from the top by a ranker's values, less prices of what a topic has had: here and of late."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.policy import Observation, Slates, user_chunks
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.loads import Loads
from driftrec.agents.ranker.pace import Pace, PageWeights
from driftrec.agents.ranker.recall import Recall
from driftrec.agents.rivals.filling import Filling
from driftrec.simulators.vectors import Float

PRICE = 0.5
"""Of an expected opening of the topic above, for ``MyopicJoint``, unless another is given."""


class TopicPages:
    """Fills slates from the top, each pick the item that gains most given what those above it are expected to take.

    The gain is the ranker's worth of a place, see ``Choice.gains``, with the value of an opening as a ``Pace`` has it
    and openings above as the choice model expects them. Items read lately and those withheld come last, as of
    ``Greedy``.

    Args:
        judge: A fitted ranker made ready to serve, farsighted.
        loads: What is known of topics.
        slate_size: Positions in a slate.
        weights: The prices.
        joint: Whether items know those above them; else slates are the top of what items gain by themselves.
    """

    def __init__(self, judge: Judge, loads: Loads, slate_size: int, weights: PageWeights, joint: bool = True) -> None:
        self.judge, self.pace = judge.whole(), Pace(loads, weights)
        self._filling = Filling(judge.ranker.choice, loads.topic, slate_size, joint, loads.burden)
        self._recall = Recall(judge, slate_size)

    def reset(self, num_users: int, seed: int) -> None:
        """Forget all users; nothing is random."""
        self._recall.forget()

    def stay(self, rows: NDArray[np.intp]) -> None:
        """Serve users of these rows alone from now on, see ``driftrec.agents.evaluation.play.tried``."""
        self._recall.stay(rows)

    def act(self, observation: Observation) -> Slates:
        """Slates, best first, (users, slate_size)."""
        chunks = user_chunks(self._recall(observation), self.judge.items.count(observation))
        return np.concatenate([self._act(chunk) for chunk in chunks])

    def _act(self, observation: Observation) -> Slates:
        view = self.judge.view(observation)
        excess, topic = self.pace.excess(observation, view), self._filling.topics(observation, view.appeal.shape)

        def price(taken: Float) -> Float:
            return self.pace.price(excess, taken)

        def cost(shown: Float) -> Float:
            return self.pace.cost(excess, shown)

        return self._filling.slates(observation, view.appeal, self.pace.worth(view, topic), price, cost)


class MyopicJoint(TopicPages):
    """Most engagement in the next step, each item knowing what those above it will take: no long-term values.

    Args:
        judge: See ``TopicPages``.
        loads: What is known of topics.
        slate_size: Positions in a slate.
        price: Lost per expected opening of the item's topic above on the page, in the world's unit, >= 0.

    Raises:
        ValueError: If the price is negative or not finite.
    """

    def __init__(self, judge: Judge, loads: Loads, slate_size: int, price: float = PRICE) -> None:
        if not 0.0 <= price < np.inf:
            raise ValueError(f"price is {price}; it must be 0 or more, and finite. 0 shows the ranker's best slates.")
        super().__init__(judge, loads, slate_size, PageWeights(diversity=price))
