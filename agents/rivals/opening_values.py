"""What opening an item adds to the engagement after the slate, in the state that the user is in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from driftrec.agents.policy import Observation, Slates, user_chunks
from driftrec.agents.ranker.items import READ
from driftrec.agents.ranker.judge import Judge, View
from driftrec.agents.ranker.loads import Counts
from driftrec.agents.ranker.recall import Recall
from driftrec.agents.rivals.filling import Filling
from driftrec.simulators.offers import OFFERED, items_of
from driftrec.simulators.vectors import Float

STEPS = np.arange(5, dtype=np.float32)
"""Loads at which what one more opening of the topic does may change its slope."""


@dataclass
class TopicSight:
    """What values are read from, for some users.

    Attributes:
        observation: Of the users.
        view: The ranker's.
        items: Of the catalogue, that a slate position can hold, (users, items).
        load: Openings of every topic that still count, (users, topics).
        of_topic: What else is known of every topic, (users, topics, numbers).
    """

    observation: Observation
    view: View
    items: NDArray[np.int64]
    load: Float
    of_topic: Float


class Reader:
    """Reads what values depend on: the ranker's state of every topic, its loads, and columns of the items.

    Args:
        judge: Without the engagement to come.
        loads: What is known of topics.

    Attributes:
        parts: Numbers of an item itself, of the state on its topic, and of its judged engagement and chance.
        width: Numbers in all, those of the load last.
    """

    def __init__(self, judge: Judge, loads: Counts) -> None:
        self.judge, self.loads = judge.whole(), loads
        columns = judge.ranker.columns()
        if columns is None:
            columns = judge.items.every({})
        assert columns is not None
        self.columns: Float = columns.numpy()  # (items, columns)
        self.parts = (self.columns.shape[1], judge.ranker.topic_shape[1] + 1, 2)
        self.width = sum(self.parts) + len(STEPS)

    def __call__(self, observation: Observation) -> TopicSight:
        """Of some users."""
        view = self.judge.view(observation)
        shape = view.appeal.shape
        items = np.broadcast_to(np.arange(shape[1]), shape)
        items = items_of(observation, items) if OFFERED in observation else items
        load = self.loads(observation, self.loads.half_life or 1.0)
        topics, numbers = self.judge.ranker.topic_shape
        own = view.state[:, view.state.shape[1] - topics * numbers :].reshape(
            len(load), topics or load.shape[1], numbers
        )
        whole = np.broadcast_to(load.sum(axis=1)[:, None, None], (*load.shape, 1))
        return TopicSight(observation, view, items, load, np.concatenate([own[:, : load.shape[1]], whole], axis=2))

    def features(self, sight: TopicSight, slates: Slates, clicks: NDArray[np.bool_]) -> Float:
        """Of what slates (users, n) hold, (users, n, width); loads have grown by what was opened above."""
        rows = np.arange(len(slates))[:, None]
        items = sight.items[rows, slates]
        topic = self.loads.topic[items]
        same = np.tril(topic[:, :, None] == topic[:, None, :], -1)
        load = sight.load[rows, topic] + (same * clicks[:, None, :]).sum(axis=2, dtype=np.float32)
        judged = np.stack([each[rows, slates] for each in judgements(sight.view)], axis=2)
        return np.concatenate([self.columns[items], sight.of_topic[rows, topic], judged, hinges(load)], axis=2)


class OpeningValues(nn.Module):
    """A value linear in what a ``Reader`` gives, and how much it counts.

        q(s, i) = <a, x_i> + <b, [what the ranker's state says of i's topic, load of all]>
                + <c, [engagement_i, chance_i]> + <d, [load of it, hinges of that]>

    Args:
        width: Numbers of an item in a state.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.slope: Tensor
        self.register_buffer("slope", torch.zeros(width))
        self.weight: Tensor
        self.register_buffer("weight", torch.zeros(()))

    def standing(self, reader: Reader, sight: TopicSight) -> Float:
        """Values of all that may be shown but for the load of their topics, (users, items)."""
        item, of_topic, judged, _ = np.split(self.slope.numpy(), np.cumsum(reader.parts))
        values: Float = (reader.columns @ item)[sight.items]
        values = values + np.take_along_axis(sight.of_topic @ of_topic, reader.loads.topic[sight.items], axis=1)
        for each, by in zip(judgements(sight.view), judged, strict=True):
            values += by * each
        return values

    def of_load(self, load: Float) -> Float:
        """Values by the load of the topic, its shape."""
        found: Float = hinges(load) @ self.slope.numpy()[-len(STEPS) :]
        return found


class ValuedSlates:
    """Slates filled by engagement and ``weight`` times the value of openings, with noise where it logs.

    Args:
        reader: Of a ranker made ready to serve.
        values: What is to come.
        slate_size: Positions in a slate.
        noise: Scale of Gumbel noise on appeal, for logging.
    """

    def __init__(self, reader: Reader, values: OpeningValues, slate_size: int, noise: float = 0.0) -> None:
        self.reader, self.values, self.noise = reader, values, noise
        self._filling = Filling(reader.judge.ranker.choice, reader.loads.topic, slate_size)
        self._rng, self._recall = np.random.default_rng(0), Recall(reader.judge, slate_size)

    def reset(self, num_users: int, seed: int) -> None:
        """Start over; only the noise draws on ``seed``."""
        self._recall.forget()
        self._rng = np.random.default_rng(seed)

    def act(self, observation: Observation) -> Slates:
        """Slates, best first, (users, slate_size)."""
        chunks = user_chunks(self._recall(observation), self.reader.judge.items.count(observation))
        return np.concatenate([self.best(self.reader(chunk)) for chunk in chunks])

    def best(self, sight: TopicSight) -> Slates:
        """Of users whose sight is at hand."""
        view, weight = sight.view, np.float32(self.values.weight.item())
        value = view.engagement + weight * self.values.standing(self.reader, sight)
        value = np.where(view.value <= READ, view.value, value)
        appeal: Float = view.appeal
        if self.noise:
            appeal = appeal + np.float32(self.noise) * self._rng.gumbel(size=appeal.shape).astype(np.float32)

        def price(taken: Float) -> Float:
            return -weight * self.values.of_load(sight.load + taken)

        return self._filling.slates(sight.observation, appeal, value, price)


def hinges(load: Float) -> Float:
    """(load - step)+ at every step, (..., steps)."""
    return np.maximum(load[..., None] - STEPS, np.float32(0.0))


def judgements(view: View) -> tuple[Float, Float]:
    """Engagement and chance of opening each item alone at the top, (users, items) each."""
    return view.engagement, np.float32(1.0) / (np.float32(1.0) + np.exp(-view.appeal))
