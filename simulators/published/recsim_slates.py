"""What RecSim's worlds share: slates of each user's own candidates, and the response to the last slate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.published.recsim_choice import ChoiceModel, WeighedChoice
from driftrec.simulators.vectors import Float
from driftrec.simulators.world import Appraisal, Feedback, put


@dataclass
class Response:
    """What became of the last slate, by position, all (users, slate_size).

    Attributes:
        clicked: Whether the position was clicked.
        engagement: What the click earned, 0 elsewhere.
        quality: Of the items shown, clicked or not; 0 before the first slate.
        cluster: Their topics; -1 before the first slate.
    """

    clicked: NDArray[np.bool_]
    engagement: Float
    quality: Float
    cluster: NDArray[np.int32]

    @classmethod
    def of(
        cls,
        places: tuple[NDArray[np.int64], NDArray[np.int64]],
        engagement: Float,
        quality: Float,
        cluster: NDArray[np.int64],
        gone: NDArray[np.bool_],
    ) -> Response:
        """The response to slates by position; users who are gone saw nothing.

        Args:
            places: Positions clicked and by whom, both (clicks,).
            engagement: What each of these clicks earned, (clicks,).
            quality: Of the items shown, (slate_size, users).
            cluster: Their topics, (slate_size, users).
            gone: Who has left before, (users,).
        """
        clicked = np.zeros(quality.shape, np.bool_)
        clicked[places] = True
        earned = np.zeros(quality.shape, np.float32)
        earned[places] = engagement
        shown = cluster.astype(np.int32)
        absent = np.flatnonzero(gone)
        quality[:, absent], shown[:, absent] = 0.0, -1
        return cls(clicked.T, earned.T, quality.T, shown.T)

    def observe(self, engagement: str) -> dict[str, NDArray[Any]]:
        """Copies by the names of the observation, where engagement is called ``engagement``."""
        return {
            "clicked": self.clicked.astype(np.int8, order="C"),
            engagement: self.engagement.copy(),
            "quality": self.quality.copy(),
            "cluster": self.cluster.copy(),
        }

    def feedback(self, left: NDArray[np.bool_]) -> Feedback:
        """The same for the world's caller, copies; there are no sessions."""
        return Feedback.without_sessions(self.clicked.copy(order="K"), self.engagement.copy(order="K"), left)

    def put(self, lanes: NDArray[np.intp], fresh: Response) -> None:
        """Overwrite the users ``lanes`` with those of ``fresh``."""
        put(self, lanes, fresh)


def no_response(num_users: int, slate_size: int) -> Response:
    """Before the first slate."""
    shape = (num_users, slate_size)
    return Response(
        np.zeros(shape, np.bool_),
        np.zeros(shape, np.float32),
        np.zeros(shape, np.float32),
        np.full(shape, -1, np.int32),
    )


def appraised(choice: ChoiceModel, scores: Float, engagement: Float, slate_size: int) -> Appraisal:
    """How users who choose by weights see every candidate.

    Args:
        choice: A multinomial logit or multinomial proportional choice.
        scores: Of every candidate, (users, candidates).
        engagement: If clicked, (users, candidates).
        slate_size: Positions, all of the same weight.

    Raises:
        TypeError: If the choice has no weights, as a cascade.
    """
    if not isinstance(choice, WeighedChoice):
        raise TypeError(
            f"{type(choice).__name__} has no weight for each item, which an appraisal needs: choose a model with "
            "weights and no_click, as MultinomialLogit or MultinomialProportional."
        )
    return Appraisal(choice.weights(scores), engagement, choice.no_click, np.ones(slate_size, np.float32))


def check_flags(**flags: bool) -> None:
    """Raise TypeError unless all ``flags`` are bools."""
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise TypeError(f"{name} is {flag!r}; it must be True or False.")
