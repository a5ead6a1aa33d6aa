"""Components and clusters of embeddings: in chunks as at once, and in little memory."""

import tracemalloc

import numpy as np
import pytest
from sklearn.decomposition import PCA

from driftrec.agents.catalogues import components
from driftrec.agents.catalogues.components import cluster, component_scores
from driftrec.agents.catalogues.derive_catalogue import derive_catalogue
from driftrec.agents.catalogues.read_items import ReadItems


def grouped(rows: int, columns: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Rows around four centres far apart, and which centre each is of."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 4, rows)
    vectors = 5 * rng.standard_normal((4, columns))[label] + rng.standard_normal((rows, columns))
    return vectors.astype(np.float32), label


@pytest.fixture
def small_chunks(monkeypatch):
    """Seven rows at a time, from eleven rows on."""
    monkeypatch.setattr(components, "LARGE", 10)
    monkeypatch.setattr(components, "CHUNK", 7)


def test_scores_of_few_rows_are_those_of_pca():
    vectors, _ = grouped(300)
    expected = PCA(5, svd_solver="full").fit_transform(vectors.astype(np.float64))
    np.testing.assert_array_equal(component_scores(vectors, 5), expected)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("rows", [11, 14, 300])
def test_scores_in_chunks_are_those_of_pca(rows):
    vectors, _ = grouped(rows)
    expected = PCA(5, svd_solver="full").fit_transform(vectors.astype(np.float64))
    np.testing.assert_allclose(component_scores(vectors, 5), expected, atol=1e-9)


@pytest.mark.usefixtures("small_chunks")
def test_clusters_of_mini_batches_are_found():
    vectors, label = grouped(300)
    found = cluster(vectors, 4, seed=1)
    assert len(set(zip(label, found, strict=True))) == len(set(found)) == 4


def test_no_more_clusters_than_different_rows():
    vectors = np.array([[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0]] * 10, np.float32)
    assert set(cluster(vectors, 4, seed=1)) == {0, 1}


def test_a_large_catalogue_takes_less_memory_than_its_embeddings():
    rows = components.LARGE + 1
    vectors = np.random.default_rng(0).standard_normal((rows, 192), np.float32)  # 77 MB
    ids = tuple(map(str, range(rows)))
    items = ReadItems(ids, ids, ("",) * rows, ("",) * rows)
    tracemalloc.start()
    derive_catalogue(items, vectors, seed=0, dims=4, num_personas=1, num_topics=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < vectors.nbytes
