"""What opening an item adds to the engagement after the slate, in the state that the user is in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from driftrec.agents.baselines.common import top_k
from driftrec.agents.policy import Observation, Slates, user_chunks
from driftrec.agents.ranker.items import READ
from driftrec.agents.ranker.judge import Judge, View
from driftrec.agents.rivals.loads import Loads
from driftrec.simulators.offers import OFFERED, items_of
from driftrec.simulators.vectors import Float

STEPS = np.arange(5, dtype=np.float32)
"""Loads at which what one more opening of the topic does may change its slope."""

JUDGED = 2
"""Numbers of an item that the ranker judges: engagement, and chance of opening it alone."""


@dataclass
class Sight:
    """What values are read from, for some users.

    Attributes:
        view: The ranker's.
        items: Of the catalogue, that a slate position can hold, (users, items).
        topic: Of those, (users, items).
        of_topic: What is known of every topic, (users, topics, numbers).
    """

    view: View
    items: NDArray[np.int64]
    topic: NDArray[np.int64]
    of_topic: Float


class Reader:
    """Reads what values depend on: the ranker's state of every topic, its loads, and columns of the items.

    Args:
        judge: Without the engagement to come.
        loads: What is known of topics.
        half_life: See ``Loads``.
    """

    def __init__(self, judge: Judge, loads: Loads) -> None:
        self.judge, self.loads = judge, loads
        columns = judge.ranker.columns()
        if columns is None:
            columns = judge.items.every({})
        assert columns is not None
        self.columns: Float = columns.numpy()  # (items, columns)
        self.width = self.columns.shape[1] + judge.ranker.topic_shape[1] + len(STEPS) + 1 + JUDGED

    def __call__(self, observation: Observation) -> Sight:
        """Of some users."""
        view = self.judge.view(observation)
        users, count = view.appeal.shape
        items = np.broadcast_to(np.arange(count), (users, count))
        items = items_of(observation, items) if OFFERED in observation else items
        load = self.loads(observation, self.loads.half_life or 1.0)  # (users, topics)
        hinges = np.maximum(load[..., None] - STEPS, np.float32(0.0))
        whole = np.broadcast_to(load.sum(axis=1)[:, None, None], (*load.shape, 1))
        topics, numbers = self.judge.ranker.topic_shape
        own = view.state[:, view.state.shape[1] - topics * numbers :].reshape(users, topics, numbers)
        of_topic = np.concatenate([own[:, : load.shape[1]], hinges, whole], axis=2)
        return Sight(view, items, self.loads.topic[items], of_topic)

    def features(self, sight: Sight, slates: Slates) -> Float:
        """Of what slates (users, n) hold, (users, n, width)."""
        rows = np.arange(len(slates))[:, None]
        items, topic = sight.items[rows, slates], sight.topic[rows, slates]
        judged = np.stack([judged[rows, slates] for judged in _judged(sight.view)], axis=2)
        return np.concatenate([self.columns[items], sight.of_topic[rows, topic], judged], axis=2)


class OpeningValues(nn.Module):
    """A value linear in what a ``Reader`` gives, and how much it counts.

        q(s, i) = <a, x_i> + <b, [what the ranker's state says of i's topic, load of it and hinges of that, of all]>
                + <c, [engagement_i, chance_i]>

    Args:
        width: Numbers of an item in a state.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.slope: Tensor
        self.register_buffer("slope", torch.zeros(width))
        self.weight: Tensor
        self.register_buffer("weight", torch.zeros(()))

    def of_all(self, reader: Reader, sight: Sight) -> Float:
        """Values of all that may be shown, (users, items)."""
        columns, judged = reader.columns.shape[1], len(self.slope) - JUDGED
        slope = self.slope.numpy()
        topics = sight.of_topic @ slope[columns:judged]  # (users, topics)
        values: Float = (reader.columns @ slope[:columns])[sight.items]
        values = values + np.take_along_axis(topics, sight.topic, axis=1)
        for each, by in zip(_judged(sight.view), slope[judged:], strict=True):
            values += by * each
        return values


class ValuedSlates:
    """Slates that gain most by engagement and ``weight`` times the value of openings, with noise where it logs.

    Args:
        reader: Of a ranker made ready to serve.
        values: What is to come.
        slate_size: Positions in a slate.
        noise: Scale of Gumbel noise on appeal, for logging.
    """

    def __init__(self, reader: Reader, values: OpeningValues, slate_size: int, noise: float = 0.0) -> None:
        self.reader, self.values, self.slate_size, self.noise = reader, values, slate_size, noise
        self._rng = np.random.default_rng(0)

    def reset(self, num_users: int, seed: int) -> None:
        """Start over; only the noise draws on ``seed``."""
        self._rng = np.random.default_rng(seed)

    def act(self, observation: Observation) -> Slates:
        """Slates, best first, (users, slate_size)."""
        chunks = user_chunks(observation, self.reader.judge.items.count(observation))
        return np.concatenate([self.best(self.reader(chunk)) for chunk in chunks])

    def best(self, sight: Sight) -> Slates:
        """Of users whose sight is at hand."""
        view = sight.view
        value = view.engagement + self.values.weight.numpy() * self.values.of_all(self.reader, sight)
        value = np.where(view.value <= READ, view.value, value)
        appeal = view.appeal
        if self.noise:
            appeal = appeal + np.float32(self.noise) * self._rng.gumbel(size=appeal.shape).astype(np.float32)
        return top_k(self.reader.judge.ranker.choice.gains(appeal, value), self.slate_size)


def _judged(view: View) -> tuple[Float, Float]:
    """Engagement and chance of opening each item alone at the top, (users, items) each."""
    return view.engagement, np.float32(1.0) / (np.float32(1.0) + np.exp(-view.appeal))
