"""The user in words: a sentence on what was lately opened, beside the numbers or in their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from driftrec.agents.catalogues.representations import vectors
from driftrec.agents.catalogues.setting import Setting
from driftrec.agents.encoders.item_tables import Table
from driftrec.simulators.vectors import Float

UserState = Literal["numeric", "text", "both"]
"""What a policy reads of a user beside the persona's words and the clock: counts and fading memories of what was shown
and opened; a sentence; or both."""

NAMED = 3
"""Topics that a sentence names at most."""

HALF_LIFE = 48.0
"""Hours in which an opening counts half."""

OPENED = ("shown", "clicked", "engagement", "age", "read_items", "read_minutes", "read_age")
"""Fields of an observation that a policy of "text" does not read as numbers."""


def sentences(topics: tuple[str, ...]) -> list[str]:
    """One for every set of up to ``NAMED`` topics, in the order of ``topic_sets``: 299 for 12 topics, 988 for 18."""
    return [_sentence([topics[number] for number in each]) for each in topic_sets(len(topics))]


def topic_sets(count: int) -> list[tuple[int, ...]]:
    """Sets of up to ``NAMED`` topics, the empty one first, ascending within."""
    return [each for size in range(NAMED + 1) for each in combinations(range(count), size)]


def _sentence(names: list[str]) -> str:
    if not names:
        return "I have not opened anything lately."
    return f"Lately I opened things on {', '.join(names[:-1])}{' and ' if names[1:] else ''}{names[-1]}."


@dataclass(frozen=True)
class UserWords:
    """What ``UserText`` is made of.

    Attributes:
        state: "text" or "both".
        topics: How many there are.
        topic: Of every item, (items,).
        embeddings: Of ``sentences``, in their order, (sentences, dims).
        slate_size: Positions of one step.
    """

    state: UserState
    topics: int
    topic: NDArray[np.int64]
    embeddings: Float
    slate_size: int


def user_words(setting: Setting, representation: str, state: UserState, slate_size: int) -> UserWords | None:
    """Sentences on the topics of a setting, embedded through the cache as texts of the representation are.

    Returns:
        None for a state that is "numeric".
    """
    if state == "numeric":
        return None
    said = vectors(sentences(setting.catalogue.topic_names), representation)
    return UserWords(state, setting.catalogue.num_topics, setting.catalogue.topic, said, slate_size)


class UserText(nn.Module):
    """From what was opened before the session to a sentence, and from its embedding to state vectors.

    The topics named are the three with the highest

        c_t = sum over what was opened of topic t: 2^(-age / HALF_LIFE)

    of those with any. All ages grow alike, so that the sentence stays the same all session long, and a server would
    encode it once; since few sentences are possible they are encoded beforehand.

    Args:
        words: Sentences and topics.
        state_dims: Length of a state vector.
    """

    def __init__(self, words: UserWords, state_dims: int) -> None:
        super().__init__()
        self.numbers, self.slate_size = words.state == "both", words.slate_size
        self.num_topics = words.topics
        sets = topic_sets(self.num_topics)
        if len(sets) != len(words.embeddings):
            raise ValueError(f"{len(words.embeddings)} sentences for {len(sets)} sets of {self.num_topics} topics.")
        centred = words.embeddings - words.embeddings.mean(axis=0)
        self.table = Table(np.float32(1.0 / max(float(centred.std()), 1e-6)) * centred)
        self.topic: Tensor
        self.register_buffer("topic", torch.from_numpy(words.topic.copy()), persistent=False)
        self.place: Tensor
        self.register_buffer("place", _places(sets, self.num_topics), persistent=False)
        self.linear = nn.Linear(self.table.dims, state_dims)
        self.mlp = nn.Sequential(nn.Linear(self.table.dims, 64), nn.GELU(), nn.Linear(64, state_dims))

    def forward(self, observation: Mapping[str, Tensor]) -> tuple[Tensor, Mapping[str, Tensor]]:
        """What the sentence adds to the state (users, state_dims), and the observation as the others may read it."""
        rows = nn.functional.embedding(self.sentence(observation), self.table())
        rest = observation if self.numbers else without_numbers(observation)
        return self.linear(rows) + self.mlp(rows), rest

    def sentence(self, observation: Mapping[str, Tensor]) -> Tensor:
        """Which of ``sentences`` tells of every user, (users,)."""
        read, age = observation["read_items"].long(), observation["read_age"]
        before = (read >= 0) & (age > self._session(observation)[:, None])
        newest = torch.where(before, age, torch.inf).amin(dim=1, keepdim=True)  # by age alone, what is old would vanish
        weights = torch.where(before, torch.exp2((newest - age) / HALF_LIFE), 0.0)
        counts = weights.new_zeros(len(read), self.num_topics)
        counts = counts.scatter_add(1, self.topic[read.clamp(min=0)], weights)
        top, number = counts.topk(min(NAMED, self.num_topics), dim=1)
        number = torch.where(top > 0, number, self.num_topics)
        nobody = number.new_full((len(read), NAMED - number.shape[1]), self.num_topics)
        one, two, three = torch.cat([number, nobody], dim=1).sort(dim=1).values.unbind(dim=1)
        return self.place[one, two, three]

    def _session(self, observation: Mapping[str, Tensor]) -> Tensor:
        """Hours since the session began, by its first impression that is still seen; -1 at its first step, (users,)."""
        age = observation["age"]
        steps = observation["clock"][:, 2].long()
        first = (age.shape[1] - steps * self.slate_size).clamp(0, age.shape[1] - 1)
        return torch.where(steps > 0, age.gather(1, first[:, None])[:, 0], -1.0)


def without_numbers(observation: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The observation of a user of whom nothing was seen yet but persona and clock."""
    return {
        name: torch.full_like(value, -1 if name in ("shown", "read_items") else 0) if name in OPENED else value
        for name, value in observation.items()
    }


def _places(sets: list[tuple[int, ...]], topics: int) -> Tensor:
    """Number of every set by its topics in ascending order, ``topics`` standing for none, (topics + 1,) * 3."""
    places = torch.zeros((topics + 1,) * NAMED, dtype=torch.int64)
    for number, each in enumerate(sets):
        places[(*each, *(topics,) * (NAMED - len(each)))] = number
    return places
