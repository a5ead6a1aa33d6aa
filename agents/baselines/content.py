"""More of the same: items whose text is close to the persona and to what the user read last."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from driftrec.agents.baselines.common import (
    TIE,
    Scores,
    best_retrieved,
    best_unread,
    centred_units,
    check_not_negative,
    check_positive,
    draw_distinct,
    is_very_large,
    step_generator,
)
from driftrec.agents.policy import Context, Observation, Slates
from driftrec.agents.retrieval.index_cache import cached_index
from driftrec.agents.retrieval.retriever import CANDIDATES


class Content:
    """Shows the items nearest to a profile; the last reads come last.

        profile = persona_weight * persona + sum_j w_j item_j / sum_j w_j
        w_j = 2^(-age_j / half_life)

    with j over the last reads that the observation shows; without any, the second term is 0. Items are ranked by
    their cosine with the profile. Embeddings of items and personas have the catalogue's mean subtracted and
    are scaled to length 1 before: MiniLM's share a large common part. Deterministic but for ties, which
    ``seed`` breaks in one order for all users. Scores are matrix products over the batch: their last bit
    may depend on its size.

    The defaults are older than ``driftrec tune``: the best of its 25 trials in the default News world was no better on
    fresh users (results/news/tuning).

    Args:
        context: What is known of the catalogue.
        persona_weight: Weight of the self-description beside that of the reads, which is 1. >= 0.
        half_life: Hours after which a read counts half. > 0.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(self, context: Context, persona_weight: float = 0.5, half_life: float = 24.0) -> None:
        check_not_negative("persona_weight", persona_weight)
        check_positive("half_life", half_life)
        mean = context.item_embeddings.mean(axis=0)
        self.persona_weight = persona_weight
        self.half_life = half_life
        self._items = centred_units(context.item_embeddings, mean)  # (items, embedding)
        self._personas = centred_units(context.persona_embeddings, mean)  # (personas, embedding)
        self._slate_size = context.slate_size
        # Of the embeddings as they are, which stay when items arrive, unlike the mean; nearly the same are near.
        self._index = cached_index(context.item_embeddings) if is_very_large(context) else None
        self.reset(num_users=0, seed=0)

    def reset(self, num_users: int, seed: int) -> None:
        """Draw the order of ties; there is nothing to forget, as the profile is read off the observation."""
        self._tie = np.float32(TIE) * np.random.default_rng(seed).random(len(self._items), dtype=np.float32)

    def profiles(self, observation: Observation) -> NDArray[np.float32]:
        """Profile of every user, float32, shape (users, embedding)."""
        history = read_weights(observation, self.half_life, len(self._items)) @ self._items
        return np.float32(self.persona_weight) * self._personas[observation["persona"][:, 0]] + history

    def act(self, observation: Observation) -> Slates:
        """The nearest items, best first, shape (users, slate_size)."""
        if self._index is not None:
            return best_retrieved(self._retrieve, self._score_some, observation, self._slate_size)
        return best_unread(self._score, observation, len(self._items), self._slate_size)

    def _retrieve(self, observation: Observation, rows: slice) -> Slates:
        assert self._index is not None
        return self._index.search(self.profiles(observation), CANDIDATES)

    def _score_some(self, observation: Observation, rows: slice, items: Slates) -> Scores:
        scores = np.einsum("und,ud->un", self._items[items], self.profiles(observation))
        return scores + self._tie[items]

    def _score(self, observation: Observation, rows: slice) -> Scores:
        # A profile's length is left in: it scales all of a user's cosines alike.
        scores = self.profiles(observation) @ self._items.T  # (users, items)
        scores += self._tie
        return scores


class EpsilonContent:
    """``Content`` with each position given, with chance ``epsilon``, to an item drawn at random.

    The random items of a slate are drawn without repeats from the whole catalogue, read ones included; the
    nearest of the other items fill the rest, best first. The draws depend on the seed, the step and the
    user's row.

    The defaults come from ``driftrec tune`` (results/news/tuning): 60.3 minutes an episode on 1,024 fresh users of
    the default News world, against 56.8 with epsilon 0.1 and the defaults of ``Content``.

    Args:
        context: What is known of the catalogue.
        epsilon: Chance of a random item, in [0, 1], for each position on its own.
        persona_weight: As in ``Content``.
        half_life: As in ``Content``.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self, context: Context, epsilon: float = 0.23, persona_weight: float = 0.27, half_life: float = 175.0
    ) -> None:
        if not 0.0 <= epsilon <= 1.0:
            raise ValueError(f"epsilon is {epsilon}; it is a chance and must be between 0 and 1.")
        self.epsilon = epsilon
        self._content = Content(context, persona_weight, half_life)
        self._slate_size = context.slate_size
        self._num_items = context.num_choices
        self.reset(num_users=0, seed=0)

    def reset(self, num_users: int, seed: int) -> None:
        """Start the random numbers over from ``seed``."""
        self._content.reset(num_users, seed)
        self._seed = seed
        self._step = 0

    def act(self, observation: Observation) -> Slates:
        """Slates of near and random items, shape (users, slate_size)."""
        shape = (len(observation["persona"]), 2, self._slate_size)
        draws = step_generator(self._seed, self._step).random(shape)
        self._step += 1
        explore = draws[:, 0] < self.epsilon  # (users, slate_size)
        drawn = draw_distinct(draws[:, 1], self._num_items)
        # A random item takes one position and at most one of the nearest: enough others are left.
        near = without(self._content.act(observation), np.where(explore, drawn, -1))
        place = np.maximum(np.cumsum(~explore, axis=1) - 1, 0)  # which of the near a position would take
        return np.where(explore, drawn, np.take_along_axis(near, place, axis=1))


def read_weights(observation: Observation, half_life: float, num_items: int) -> csr_array:
    """Weights of the items that a user read last, adding up to 1 for users who read any.

    Args:
        observation: Of all users.
        half_life: Hours after which a weight has halved.
        num_items: Items in the catalogue.

    Returns:
        float32, sparse, shape (users, num_items).
    """
    read = observation["read_items"] >= 0  # (users, reads)
    age = np.where(read, observation["read_age"], np.inf).astype(np.float64)
    youngest = np.where(read.any(axis=1), age.min(axis=1), 0.0)
    # Ages count from the youngest read: the same mean, and weights that cannot all vanish.
    weights = np.exp2((youngest[:, None] - age) / half_life)
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1.0)
    users, columns = np.nonzero(read)
    items = observation["read_items"][users, columns]
    values = weights[users, columns].astype(np.float32)
    return csr_array((values, (users, items)), shape=(len(read), num_items))


def without(ranked: Slates, dropped: Slates) -> Slates:
    """Each row of ``ranked`` with the items of that row of ``dropped`` moved to its end, order kept."""
    hit = (ranked[:, :, None] == dropped[:, None, :]).any(axis=2)
    return np.take_along_axis(ranked, np.argsort(hit, axis=1, kind="stable"), axis=1)
