"""Principal components and clusters of text embeddings, in chunks of rows where there are very many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.decomposition import PCA
from sklearn.utils import gen_batches

LARGE = 100_000
"""More rows than that are read in chunks, for scikit-learn's PCA and KMeans copy all of them several times. Scores then
differ in their last bits, and clusters are those of mini-batches."""

CHUNK = 8192  # rows


def component_scores(embeddings: NDArray[np.float32], count: int) -> NDArray[np.float64]:
    """Scores on the first principal components.

    Args:
        embeddings: Shape (rows, embedding).
        count: Components, at most the smaller of the two sizes.

    Returns:
        Shape (rows, count), the strongest component first.
    """
    if len(embeddings) <= LARGE:
        scores: NDArray[np.float64] = PCA(count, svd_solver="full").fit_transform(embeddings.astype(np.float64))
        return scores
    mean = embeddings.mean(axis=0, dtype=np.float64)
    scatter = np.zeros((embeddings.shape[1],) * 2)
    for rows in gen_batches(len(embeddings), CHUNK):
        centred = embeddings[rows] - mean
        scatter += centred.T @ centred
    components = np.linalg.eigh(scatter)[1][:, ::-1][:, :count]  # (embedding, count); eigh begins with the weakest
    largest = np.abs(components).argmax(axis=0)
    components = components * np.sign(components[largest, np.arange(count)])  # the sign that PCA gives them
    return np.concatenate([(embeddings[rows] - mean) @ components for rows in gen_batches(len(embeddings), CHUNK)])


def cluster(embeddings: NDArray[np.float32], count: int, seed: int) -> NDArray[np.int64]:
    """Clusters by k-means, numbered from 0 without gaps, (rows,).

    Args:
        embeddings: Shape (rows, embedding).
        count: At most this many clusters; as many as there are different rows if that is fewer.
        seed: Of the first centres, not negative.
    """
    method = KMeans if len(embeddings) <= LARGE else MiniBatchKMeans
    different: set[bytes] = set()
    for row in embeddings:
        different.add((row + 0).tobytes())  # 0 added, -0.0 is 0.0
        if len(different) == count:
            break
    labels = method(len(different), n_init=4, random_state=seed % 2**32).fit_predict(embeddings)
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)
