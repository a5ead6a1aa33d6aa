"""A linear bandit for every user: LinUCB with disjoint models."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from driftrec.agents.baselines.common import (
    TIE,
    Scores,
    best_retrieved,
    best_unread,
    check_not_negative,
    check_positive,
    is_large,
)
from driftrec.agents.policy import LARGE, Context, Observation, Slates
from driftrec.agents.retrieval.index_cache import cached_index
from driftrec.agents.retrieval.retriever import CANDIDATES
from driftrec.simulators.offers import items_of
from driftrec.simulators.vectors import Double, Float, unit


class LinUCB:
    """Learns for every user how engagement follows from what items are about, and shows what may be best.

    Li, Chu, Langford & Schapire (2010), "A contextual-bandit approach to personalized news article
    recommendation", algorithm 1, with the roles turned round: one ridge regression a user, shared by all
    items. With x the features of an item and r the engagement of its position, over all positions shown to a
    user,

        A = ridge * I + sum x x^T
        theta = theta_0 + A^-1 sum x (r - x . theta_0)
        score = x . theta + alpha * sqrt(x^T A^-1 x)

    Features are the principal components of the item embeddings (centred at the catalogue's mean, one
    common scale such that their mean squared length is 1) and a constant 1. The prior mean theta_0 is
    ``prior`` times the unit vector of the user's persona in the same components. The last reads
    that the observation shows come last. Interests that drift are not modelled: old impressions weigh as much
    as new ones. Deterministic but for ties, which ``seed`` breaks in one order for all users.

    Scores are matrix products over the batch: their last bit may depend on its size.

    The defaults come from ``driftrec tune`` (results/news/tuning): 70.5 minutes an episode on 1,024 fresh users of the
    default News world, against 58.2 with alpha 0.5, prior 1, ridge 1 and 16 components.

    Args:
        context: What is known of the catalogue.
        alpha: Width of the confidence bound, engagement a unit of uncertainty; 0 is greedy. >= 0.
        prior: Engagement a position that one unit of similarity to the persona is worth before any data. >= 0.
        ridge: Weight of the prior, in impressions. > 0.
        dims: Principal components kept, at most what the embeddings have. >= 1.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self, context: Context, alpha: float = 0.18, prior: float = 0.21, ridge: float = 20.0, dims: int = 39
    ) -> None:
        check_not_negative("alpha", alpha)
        check_not_negative("prior", prior)
        check_positive("ridge", ridge)
        check_positive("dims", dims)
        self.alpha = alpha
        self.ridge = ridge
        items, personas = principal_components(context.item_embeddings, context.persona_embeddings, dims)
        self.features = np.hstack([items, np.ones((len(items), 1))])  # (items, dims + 1)
        self.prior_mean = prior * np.hstack([personas, np.zeros((len(personas), 1))])  # (personas, dims + 1)
        # x^T M x is the inner product of M and x x^T: one matrix product scores all users and items.
        self._linear = self.features.T.astype(np.float32)  # (dims + 1, items)
        self._index = cached_index(self.features.astype(np.float32)) if is_large(context) else None
        if self._index is None:
            squares = self.features[:, :, None] * self.features[:, None, :]
            self._squares = squares.reshape(len(items), -1).T.astype(np.float32)  # ((dims + 1)^2, items)
        self._slate_size = context.slate_size
        self.reset(num_users=0, seed=0)

    def reset(self, num_users: int, seed: int) -> None:
        """Give ``num_users`` new users their prior, and draw the order of ties."""
        dims = self.features.shape[1]
        self._inverse = np.tile(np.eye(dims) / self.ridge, (num_users, 1, 1))  # A^-1, (users, features, features)
        self._moment = np.zeros((num_users, dims))  # sum x (r - x . theta_0), (users, features)
        noise = np.random.default_rng(seed).random(len(self.features), dtype=np.float32)
        self._tie = np.float32(TIE) * noise  # (items,)

    def theta(self, persona: NDArray[np.integer], rows: slice = slice(None)) -> Double:
        """Estimated parameters of the users in ``rows``, the constant's last.

        Args:
            persona: Persona of each of these users, shape (users, 1).
            rows: Where they stand in the batch.

        Returns:
            Engagement a unit of each feature, float64, shape (users, dims + 1).
        """
        shift = self._inverse[rows] @ self._moment[rows, :, None]
        return self.prior_mean[persona[:, 0]] + shift[:, :, 0]

    def act(self, observation: Observation) -> Slates:
        """Items with the highest upper bounds, best first, shape (users, slate_size).

        Raises:
            ValueError: If ``reset`` was called for another number of users.
        """
        num_users = len(observation["persona"])
        if num_users != len(self._inverse):
            raise ValueError(
                f"The observation holds {num_users} users, but LinUCB was reset for {len(self._inverse)}; "
                f"call reset({num_users}, seed) first."
            )
        if self._index is not None:
            return best_retrieved(self._retrieve, self._score_some, observation, self._slate_size)
        return best_unread(self._score, observation, len(self.features), self._slate_size)

    def update(
        self, observation: Observation, slates: Slates, clicks: NDArray[np.bool_], engagement: NDArray[np.floating]
    ) -> None:
        """Learn from the engagement of every position, clicked or not; item -1 is a position that nobody saw."""
        prior_mean = self.prior_mean[observation["persona"][:, 0]]  # (users, dims + 1)
        for items, earned in zip(items_of(observation, slates).T, engagement.T, strict=True):
            x = self.features[items] * (items >= 0)[:, None]  # (users, dims + 1)
            surprise = earned - np.einsum("ud,ud->u", x, prior_mean)
            self._moment += x * surprise[:, None]
            add_rank_one(self._inverse, x)

    def _retrieve(self, observation: Observation, rows: slice) -> Slates:
        """Items of about the highest bounds: those are convex, and are taken as linear at the best mean."""
        assert self._index is not None
        theta = self.theta(observation["persona"], rows)
        best = self.features[self._index.search(theta.astype(np.float32), 1)[:, 0]]  # (users, dims + 1)
        slope = np.einsum("ude,ue->ud", self._inverse[rows], best)
        width = np.sqrt(np.einsum("ud,ud->u", slope, best))
        return self._index.search((theta + self.alpha * slope / width[:, None]).astype(np.float32), CANDIDATES)

    def _score_some(self, observation: Observation, rows: slice, items: Slates) -> Scores:
        x = self._linear.T[items]  # (users, n, dims + 1)
        theta = self.theta(observation["persona"], rows).astype(np.float32)
        variance = np.einsum("unf,unf->un", x @ self._inverse[rows].astype(np.float32), x)
        mean = np.einsum("unf,uf->un", x, theta) + self._tie[items]
        return mean + np.float32(self.alpha) * np.sqrt(np.maximum(variance, 0.0))

    def _score(self, observation: Observation, rows: slice) -> Scores:
        theta = self.theta(observation["persona"], rows).astype(np.float32)
        scores = theta @ self._linear  # (users, items)
        scores += self._tie
        if self.alpha > 0:
            inverse = self._inverse[rows].reshape(len(theta), -1).astype(np.float32)
            variance = inverse @ self._squares  # (users, items)
            np.sqrt(np.maximum(variance, 0.0, out=variance), out=variance)
            scores += np.float32(self.alpha) * variance
        return scores


def add_rank_one(inverse: Double, x: Double) -> None:
    """Turn A^-1 into (A + x x^T)^-1 in place, after Sherman & Morrison (1950).

        (A + x x^T)^-1 = A^-1 - (A^-1 x) (A^-1 x)^T / (1 + x^T A^-1 x)

    Args:
        inverse: Symmetric, shape (users, dims, dims); changed.
        x: Shape (users, dims).
    """
    v = (inverse @ x[:, :, None])[:, :, 0]  # (users, dims)
    scale = 1.0 + np.einsum("ud,ud->u", x, v)
    inverse -= v[:, :, None] * (v / scale[:, None])[:, None, :]


def principal_components(items: Float, personas: Float, dims: int) -> tuple[Double, Double]:
    """Item and persona embeddings in the principal components of the items.

    Args:
        items: Shape (items, embedding).
        personas: Shape (personas, embedding).
        dims: Components wanted; no more are kept than items or embedding dimensions.

    Returns:
        Items, mean 0 and mean squared length 1, shape (items, dims), and personas, centred at the items'
        mean and scaled to length 1, shape (personas, dims). float64. Components are ordered by variance.
    """
    solver = "full" if len(items) <= LARGE else "covariance_eigh"  # by the small matrix, to the last bits or so
    pca = PCA(n_components=min(dims, *items.shape), svd_solver=solver).fit(items.astype(np.float64))
    reduced, described = pca.transform(items), pca.transform(personas.astype(np.float64))
    scale = np.sqrt(np.mean(np.sum(reduced**2, axis=1)))
    return reduced / max(scale, TIE), unit(described, floor=TIE)
