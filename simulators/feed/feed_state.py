"""All there is to know about users of a feed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.feed.feed_arrays import Satisfied, TopicAmount, TopicHours, TopicLoad, TopicSwitch, UserTraits
from driftrec.simulators.feed.opened import Opened
from driftrec.simulators.history import History
from driftrec.simulators.vectors import Float


@dataclass
class FeedState:
    """A batch of users; leading axis users. What is a user's own is drawn at the reset and stays."""

    keys: NDArray[np.uint64]  # (users,)
    step: NDArray[np.int64]  # (users,)
    persona: NDArray[np.int32]  # (users,)
    own: UserTraits  # (users, dims) own taste within topics
    home: TopicAmount  # (users, topics) taste that time returns to
    potential: TopicAmount  # (users, topics) taste that exposure can grow to
    taste: TopicLoad  # (users, topics)
    threshold: TopicAmount  # (users, topics) load that bores
    half_life: TopicHours  # (users, topics) hours in which a load halves
    annoy: TopicAmount  # (users, topics) part of satisfaction lost when boredom sets in
    load: TopicLoad  # (users, topics)
    bored: TopicSwitch  # (users, topics)
    satisfaction: Satisfied  # (users,)
    daily: NDArray[np.bool_]  # (users,) habit
    hour: Float  # (users,) hour of the day of the first visit
    clock: Float  # (users, 4) hours, sessions, steps in session, minutes in session
    gone: NDArray[np.bool_]  # (users,)
    seen: NDArray[np.bool_]  # (users, items) opened before
    opened: Opened
    history: History
