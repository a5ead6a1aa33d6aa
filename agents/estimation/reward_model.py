"""The reward model of doubly robust estimates: ridge regression on few numbers that every log holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from driftrec.agents.logbook.logged_lives import Double, LoggedLives
from driftrec.agents.policy import Context

FOLDS = 2
"""Groups of users; each is predicted by what the others' rows say, so that no estimate leans on its own noise."""

SMOOTHING = 20.0
"""Impressions that the mean of all is worth in an item's."""

HALF = 0.9
"""What an earlier click weighs in a user's profile for every slate with a click since."""

MOST_ROWS = 500_000
"""Rows that are fitted to; of more every so many-th."""


class Features:
    """What is known of an item at a position for a user.

    The position, how the item does with others, how much the user opens, how near the item is to what the user opened.

    Args:
        lives: The log, walked through step by step.
        context: Item embeddings; where there are none, nothing is near.
    """

    def __init__(self, lives: LoggedLives, context: Context) -> None:
        users, steps, size = lives.shape
        self._lives = lives
        self.fold = np.arange(users) % FOLDS  # (users,)
        vectors = np.nan_to_num(context.item_embeddings)
        centred = vectors - vectors.mean(axis=0)
        self._vectors = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
        self._means = np.stack([_item_means(lives, self.fold != f, len(vectors)) for f in range(FOLDS)])
        self._profile = np.zeros((users, vectors.shape[1]), np.float32)
        self._total, self._number = np.zeros(users), np.zeros(users)
        self._usual = self._means.mean()
        self.shown = np.zeros((users, steps, size, size + 5), np.float32)

    def of(self, items: NDArray[np.int64]) -> NDArray[np.float32]:
        """Of items (users, slate_size) for every user at this step, (users, slate_size, numbers)."""
        known = np.maximum(items, 0)
        size = items.shape[1]
        popular = self._means[self.fold[:, None], known] - self._usual
        length = np.maximum(np.linalg.norm(self._profile, axis=1), 1e-9)
        near = np.einsum("ukd,ud->uk", self._vectors[known], self._profile) / length[:, None]
        keen = (self._total + self._usual * SMOOTHING) / (self._number + SMOOTHING) - self._usual
        keen_of = np.broadcast_to(keen[:, None], near.shape)
        places = np.broadcast_to(np.eye(size, dtype=np.float32), (*items.shape, size))
        others = np.stack([popular, near, keen_of, near * keen_of, near * np.abs(near)], axis=2)
        return np.concatenate([places, others.astype(np.float32)], axis=2)

    def go_on(self, step: int) -> None:
        """Keep the numbers of what was shown at ``step``, and learn what came of it."""
        lives = self._lives
        items, clicks, there = lives.items[:, step], lives.clicks[:, step], lives.there[:, step]
        self.shown[:, step] = self.of(items)
        opened = np.einsum("uk,ukd->ud", clicks.astype(np.float32), self._vectors[np.maximum(items, 0)])
        some = clicks.any(axis=1)
        self._profile[some] = HALF * self._profile[some] + opened[some]
        self._total += lives.engagement[:, step].sum(axis=1)
        self._number += there * items.shape[1]


class RewardModel:
    """Engagement of an item at a position, linear in ``Features``; one fit a fold, to the users of the others.

    Args:
        features: Walked through to the end.
        lives: The log.
    """

    def __init__(self, features: Features, lives: LoggedLives) -> None:
        self._fold = features.fold
        self._fits = [self._fitted(features, lives, features.fold != f) for f in range(FOLDS)]

    @staticmethod
    def _fitted(features: Features, lives: LoggedLives, others: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Weights of the numbers, (numbers,)."""
        there = lives.there & others[:, None]
        numbers = features.shown[there].reshape(-1, features.shown.shape[-1])
        reward = lives.engagement[there].ravel()
        apart = max(1, len(reward) // MOST_ROWS)
        if not len(reward):
            return np.zeros(numbers.shape[1])
        fit = Ridge(alpha=1.0, fit_intercept=False).fit(numbers[::apart].astype(np.float64), reward[::apart])
        return np.asarray(fit.coef_, np.float64)

    def __call__(self, numbers: NDArray[np.floating]) -> Double:
        """Engagement predicted of ``numbers`` (users, ..., numbers), (users, ...)."""
        predicted = np.empty(numbers.shape[:-1])
        for fold, fit in enumerate(self._fits):
            predicted[self._fold == fold] = numbers[self._fold == fold] @ fit
        return predicted


def _item_means(lives: LoggedLives, users: NDArray[np.bool_], num_items: int) -> Double:
    """Mean engagement of every item with some users, smoothed to that of all, (items,)."""
    there = lives.there & users[:, None]
    items, reward = lives.items[there].ravel(), lives.engagement[there].ravel()
    total = np.bincount(items, reward, num_items)
    number = np.bincount(items, minlength=num_items)
    usual = reward.mean() if len(reward) else 0.0
    return (total + SMOOTHING * usual) / (number + SMOOTHING)
