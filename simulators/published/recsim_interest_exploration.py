"""RecSim's interest exploration: two kinds of users and two topics; nothing moves, but the kind is hidden.

Source: recsim/environments/interest_exploration.py of google-research/recsim at 55e50e4 (Ie et al., 2019,
arXiv:1909.04847).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import noise, warm
from driftrec.simulators.published.recsim_choice import ChoiceModel, ScoreLogit
from driftrec.simulators.published.recsim_slates import Response, appraised, check_flags
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.settings import updated
from driftrec.simulators.sizes import size
from driftrec.simulators.slates import at_slates
from driftrec.simulators.vectors import Float
from driftrec.simulators.window import Window
from driftrec.simulators.world import NOBODY_LEAVES, Appraisal, Feedback, Field

_ROUNDING = 1e-6  # more than float32 rounds, so that what does not spread stays in the observation space too

NO_RESPONSE: Mapping[str, np.generic] = {
    "clicked": np.int8(0),
    "quality": np.float32(0),
    "cluster": np.int32(-1),
}
"""What is observed of a position before the first slate."""

PUBLISHED_CHOICE = ScoreLogit(no_click_mass=5.0)
"""No click has the logit 5, above almost every item's score: about a quarter of random slates is clicked."""


@dataclass(frozen=True)
class DocumentTopic:
    """Quality of a topic's documents: log-normal.

    Attributes:
        quality_mean: Mean of its logarithm. In [-10, 2].
        quality_stddev: Standard deviation of its logarithm. In [0, 0.25].
    """

    quality_mean: float
    quality_stddev: float = 0.1

    def __post_init__(self) -> None:
        check_ranges(self, quality_mean=(-10, 2), quality_stddev=(0, 0.25))


@dataclass(frozen=True)
class UserType:
    """Affinity of a kind of users to each topic: log-normal.

    Attributes:
        topic_0: Mean of the logarithm of the affinity to topic 0. In [-10, 2].
        topic_1: The same for topic 1. In [-10, 2].
    """

    topic_0: float
    topic_1: float

    def __post_init__(self) -> None:
        check_ranges(self, topic_0=(-10, 2), topic_1=(-10, 2))


@dataclass(frozen=True)
class InterestExplorationConfig:
    """The published parameters.

    Attributes:
        topic_0_share: Share of documents of topic 0; the rest is of topic 1. In [0, 1].
        topic_0: The rare topic, of the better documents.
        topic_1: The common topic.
        type_0_share: Share of users of type 0; the rest is of type 1. In [0, 1].
        type_0: The rare users, who like topic 1.
        type_1: The common users, who like topic 0.
        affinity_stddev: Standard deviation of the logarithm of affinity within a type. In [0, 0.25].
    """

    topic_0_share: float = 0.2
    topic_0: DocumentTopic = field(default_factory=lambda: DocumentTopic(0.8))
    topic_1: DocumentTopic = field(default_factory=lambda: DocumentTopic(0.2))
    type_0_share: float = 0.3
    type_0: UserType = field(default_factory=lambda: UserType(0.1, 0.7))
    type_1: UserType = field(default_factory=lambda: UserType(0.7, 0.1))
    affinity_stddev: float = 0.1

    def __post_init__(self) -> None:
        check_ranges(self, topic_0_share=(0, 1), type_0_share=(0, 1), affinity_stddev=(0, 0.25))

    @property
    def highest_quality(self) -> float:
        """Highest quality that can be drawn."""
        topics = (self.topic_0, self.topic_1)
        spreads = [noise.WIDEST * max(topic.quality_stddev, _ROUNDING) for topic in topics]
        return float(max(np.exp(topic.quality_mean + spread) for topic, spread in zip(topics, spreads, strict=True)))

    @property
    def score_range(self) -> tuple[float, float]:
        """Lowest and highest affinity plus quality that can be drawn."""
        affinities, topics = self.affinity_means(), (self.topic_0, self.topic_1)
        spread = noise.WIDEST * self.affinity_stddev
        lowest = min(np.exp(topic.quality_mean - noise.WIDEST * topic.quality_stddev) for topic in topics)
        least, most = np.exp(affinities.min() - spread), np.exp(affinities.max() + spread)
        return float(lowest + least), self.highest_quality + float(most)

    def affinity_means(self) -> Float:
        """Mean logarithm of affinity, shape (types, topics)."""
        types = (self.type_0, self.type_1)
        return np.array([(kind.topic_0, kind.topic_1) for kind in types], np.float32)

    def average_affinity(self) -> Float:
        """Mean affinity over all users to every topic: what is known of a user never seen, shape (topics,).

        That of the original's ``avg_user_state``: shares of the types times the means of their log-normals.
        """
        means = np.exp(self.affinity_means() + np.float32(self.affinity_stddev**2 / 2.0))
        return np.float32(self.type_0_share) * means[0] + np.float32(1.0 - self.type_0_share) * means[1]


@dataclass
class InterestExplorationState:
    """All there is to know about a batch of users; leading axis users."""

    keys: NDArray[np.uint64]  # (users,)
    step: NDArray[np.int64]  # (users,)
    kind: NDArray[np.int32]  # (users,) type, 0 or 1
    affinity: Float  # (users, 2) to the topics
    topic: NDArray[np.int64]  # (users, candidates)
    quality: Float  # (users, candidates)
    past: Window  # of responses by position


class InterestExplorationWorld:
    """Interest exploration as a batched world (see ``driftrec.simulators.world.World``).

    A user is of type 0 with chance 0.3, else of type 1, and has a hidden, fixed affinity g to both topics,
    ln g ~ N(mean of type and topic, 0.1). Every step brings new candidates: of topic 0 with chance 0.2, else of topic
    1, ln quality ~ N(mean of the topic, 0.1). The score of an item is g[topic] + quality; one is clicked by a
    multinomial logit in which no click has the logit 5. The reward is 1 a click.

    Nothing moves and nobody leaves: every step is like the first, and what there is to learn is the user's type.
    At the published parameters there is little in it, since the topic of the better documents is also the one that
    70 % of users like, and the others like it no less than the other (3.33 against 3.24): the best documents for
    the average user give 98 % of the clicks that full information gives.
    A repeat in a slate is shown twice, with twice the weight.

    Published faults: choices drew from the global ``np.random``, whatever the seed; all draws come from the seed
    here. There is none that needs correcting.

    Args:
        slate_size: Positions in a slate, at least 1.
        num_candidates: Candidates in every step, at least 1.
        resample_documents: Draw new candidates in every step; with False the first ones stay to the end.
        choice: How users pick from a slate; scores are above 0.
        config: Changes to ``InterestExplorationConfig``, nested by topic and type.
        history: Slates whose responses are observed, oldest first, at least 1. 1 is the published observation; with
            more the recommender is spared remembering what it has seen.

    Raises:
        TypeError: If a size is not whole, a flag not True or False, or a setting not a number.
        ValueError: If a size or a setting is out of range or unknown, or the choice does not fit the scores.
    """

    catalogue = personas = item_features = None  # candidates are drawn for every request
    one_click = True  # of a slate at most
    unit = "clicks"
    topics: Mapping[str, Float] = {}

    def __init__(
        self,
        slate_size: int = 2,
        num_candidates: int = 10,
        resample_documents: bool = True,
        choice: ChoiceModel = PUBLISHED_CHOICE,
        config: Mapping[str, Any] | None = None,
        history: int = 1,
    ) -> None:
        check_flags(resample_documents=resample_documents)
        self.config = updated(InterestExplorationConfig(), {} if config is None else config)
        choice.check_scores(*self.config.score_range)
        self.slate_size = size("slate_size", slate_size)  # may be above the candidates: repeats are allowed
        self.num_items = size("num_candidates", num_candidates)
        self.history_length = size("history", history, "at least 1 slate")
        self.resample_documents = resample_documents
        self.choice = choice
        self._one_hot = np.eye(2, 3, dtype=np.float32)  # the third column is quality's
        topics = (self.config.topic_0, self.config.topic_1)
        self._quality_mean = np.array([topic.quality_mean for topic in topics], np.float32)
        self._quality_stddev = np.array([topic.quality_stddev for topic in topics], np.float32)
        self._pairs = -(-self.num_items // 2)  # words that hold one draw a candidate
        self._width = 1 + 2 * self._pairs + 2  # choice, topics, qualities; at birth only, type and affinities

    @property
    def settled(self) -> Mapping[str, Any]:
        """Arguments of its environment, see ``World``."""
        return {"history": self.history_length, "config": asdict(self.config)}

    @property
    def fields(self) -> Mapping[str, Field]:
        """Shape, type and range of every observation field."""
        past, best = (self.history_length * self.slate_size,), self.config.highest_quality
        return {
            "candidates": Field((self.num_items, 3), np.float32, 0, max(1.0, best)),
            "clicked": Field(past, np.int8, 0, 1),
            "quality": Field(past, np.float32, 0, best),
            "cluster": Field(past, np.int32, -1, 1),
        }

    def reset(self, seeds: NDArray[np.uint64]) -> InterestExplorationState:
        """New users, one a seed, with their first candidates."""
        n = len(seeds)
        keys = noise.stream_keys(np.asarray(seeds, np.uint64))
        step = np.zeros(n, np.int64)
        born = noise.rows(keys, step, self._width, self._width - 2, 2)
        kind = (noise.uniform(born[:, 0]) >= np.float32(self.config.type_0_share)).astype(np.int32)
        spread = np.float32(self.config.affinity_stddev) * noise.normal_pairs(born[:, 1:])
        topic, quality = self._candidates(noise.rows(keys, step, self._width, 1, 2 * self._pairs))
        return InterestExplorationState(
            keys=keys,
            step=step,
            kind=kind,
            affinity=np.exp(self.config.affinity_means()[kind] + spread),
            topic=topic,
            quality=quality,
            past=Window(n, self.history_length * self.slate_size, self.slate_size, NO_RESPONSE),
        )

    def step(self, state: InterestExplorationState, slates: NDArray[np.int64]) -> Feedback:
        """Show one slate a user, who clicks one item or none; then come the next candidates."""
        state.step += 1
        words = noise.rows(state.keys, state.step, self._width, 0, 1 + 2 * self._pairs * self.resample_documents)
        by_position = warm.copy(slates.T)  # (slate_size, users): numpy's inner loops run over users
        topic, quality = at_slates(state.topic, by_position), at_slates(state.quality, by_position)
        position = self.choice.choose(at_slates(state.affinity, topic) + quality, noise.uniform(words[:, 0]))
        users = np.flatnonzero(position >= 0)
        nobody, reward = np.zeros(len(slates), np.bool_), np.ones(len(users), np.float32)
        response = Response.of((position[users], users), reward, quality, topic, nobody)
        state.past.add({kind: getattr(response, kind) for kind in NO_RESPONSE})
        if self.resample_documents:
            state.topic, state.quality = self._candidates(words[:, 1:])
        return response.feedback(nobody)

    def observe(self, state: InterestExplorationState) -> dict[str, NDArray[Any]]:
        """Candidates, one-hot of the topic and quality, and responses to the last slates: copies, see ``fields``."""
        candidates = warm.take(self._one_hot, state.topic)  # (users, candidates, 3)
        candidates[..., 2] = state.quality
        return {"candidates": candidates, **state.past.observe()}

    def reveal(self, state: InterestExplorationState) -> dict[str, NDArray[Any]]:
        """Copies of the truth: "affinity" (users, 2) to the topics, and the user's "type" (users,), 0 or 1."""
        return {"affinity": state.affinity.copy(), "type": state.kind.copy()}

    def appraise(self, state: InterestExplorationState) -> Appraisal:
        """Weight of every candidate; a click earns 1. Needs a choice by weights (TypeError)."""
        scores = self._scores(state)
        return appraised(self.choice, scores, np.ones_like(scores), self.slate_size)

    def expected_engagement(self, state: InterestExplorationState) -> Float:
        """Chance of a click on every candidate if it were shown alone, (users, candidates)."""
        return self.choice.alone(self._scores(state))

    def check_ends(self) -> None:
        """Raise ValueError: nobody ever leaves."""
        raise ValueError(NOBODY_LEAVES)

    def _candidates(self, words: NDArray[np.uint64]) -> tuple[NDArray[np.int64], Float]:
        """Topics and qualities, both (users, candidates), from ``2 * self._pairs`` words a user."""
        uniform = noise.uniform_pairs(warm.copy(words[:, : self._pairs]))[:, : self.num_items]
        topic = warm.cast(uniform >= np.float32(self.config.topic_0_share), np.int64)
        quality = warm.take(self._quality_stddev, topic)
        quality *= noise.normal_pairs(words[:, self._pairs :])[:, : self.num_items]
        quality += warm.take(self._quality_mean, topic)
        return topic, np.exp(quality, out=quality)

    def _scores(self, state: InterestExplorationState) -> Float:
        """Affinity to the topic plus quality of every candidate, (users, candidates)."""
        return np.take_along_axis(state.affinity, state.topic, axis=1) + state.quality
