"""Indices: exact ones find the best, cells nearly all of them; kept on disk, and grown."""

import numpy as np
import pytest

from driftrec.agents.retrieval import index as module
from driftrec.agents.retrieval import index_cache
from driftrec.agents.retrieval.index import Exact, build_index
from driftrec.agents.retrieval.index_cache import cached_index
from driftrec.agents.retrieval.largest import largest
from driftrec.agents.retrieval.retriever import fixed_first, fixed_items

ITEMS, COUNT = 6_000, 50


@pytest.fixture(autouse=True)
def cells_at_this_size(monkeypatch):
    """So few items would be searched exactly."""
    for each in (module, index_cache):
        monkeypatch.setattr(each, "EXACT", ITEMS // 2)


@pytest.fixture(scope="module")
def vectors():
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((40, 12), np.float32)
    return centres[rng.integers(40, size=ITEMS)] + np.float32(0.5) * rng.standard_normal((ITEMS, 12), np.float32)


@pytest.fixture(scope="module")
def queries():
    return np.random.default_rng(1).standard_normal((9, 12)).astype(np.float32)


def best(vectors, queries):
    return np.argsort(-(queries @ vectors.T), axis=1)[:, :COUNT]


def recall(found, wanted):
    return np.mean([np.isin(one, other).mean() for one, other in zip(wanted, found, strict=True)])


def test_exact_finds_the_best_in_any_blocks(vectors, queries, monkeypatch):
    np.testing.assert_array_equal(np.sort(Exact(vectors).search(queries, COUNT)), np.sort(best(vectors, queries)))
    monkeypatch.setattr(module, "BLOCK", 2 * ITEMS)
    np.testing.assert_array_equal(np.sort(Exact(vectors).search(queries, COUNT)), np.sort(best(vectors, queries)))


def test_exact_serves_where_faiss_is_not_installed(vectors, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert isinstance(build_index(vectors), Exact)


def test_cells_find_nearly_all_and_no_item_twice(vectors, queries):
    pytest.importorskip("faiss")
    found = build_index(vectors).search(queries, COUNT)
    assert recall(found, best(vectors, queries)) > 0.95
    assert all(len(set(row)) == COUNT for row in found.tolist())
    assert found.min() >= 0


def test_cells_that_hold_too_few_are_all_looked_into(vectors, queries):
    pytest.importorskip("faiss")
    cells = build_index(vectors)
    cells.index.nprobe = 1
    assert (cells.search(queries, 3_000) >= 0).all()


@pytest.fixture
def builds(monkeypatch):
    pytest.importorskip("faiss")
    counted = []
    monkeypatch.setattr(index_cache, "build_index", lambda rows: counted.append(len(rows)) or build_index(rows))
    return counted


def test_an_index_is_built_once_and_grows_with_the_items(vectors, queries, builds, tmp_path):
    first = cached_index(vectors[:5_000], tmp_path).search(queries, COUNT)
    again = cached_index(vectors[:5_000], tmp_path).search(queries, COUNT)  # hit
    np.testing.assert_array_equal(first, again)
    grown = cached_index(vectors, tmp_path).search(queries, COUNT)  # added to
    assert builds == [5_000]
    assert recall(grown, best(vectors, queries)) > 0.95
    assert (grown >= 5_000).any()
    cached_index(vectors, tmp_path)  # hit again
    assert builds == [5_000]


def test_other_vectors_miss(vectors, builds, tmp_path):
    cached_index(vectors, tmp_path)
    cached_index(2 * vectors, tmp_path)
    assert builds == [ITEMS, ITEMS]


def test_an_outgrown_or_damaged_index_is_made_anew(vectors, builds, tmp_path):
    cached_index(vectors, tmp_path)
    cached_index(np.concatenate([vectors] * 3), tmp_path)
    assert builds == [ITEMS, 3 * ITEMS]
    for file in tmp_path.glob("index-*"):
        file.write_bytes(b"IwFl")
    with pytest.warns(UserWarning, match="is damaged"):
        cached_index(vectors, tmp_path)
    assert builds == [ITEMS, 3 * ITEMS, ITEMS]


def test_fixed_items_hold_the_best_of_every_topic():
    merit, topics = np.arange(300, dtype=np.float32), np.arange(300) % 3
    merit[topics == 0] -= 1000.0  # none of them among the best of all
    fixed = fixed_items(merit, topics)
    assert {297, 298, 299} <= set(fixed.tolist())
    assert (np.diff(fixed) > 0).all()


def test_fixed_first_keeps_the_first_found_and_no_item_twice():
    found = np.array([[5, 1, 7, 8], [9, 8, 7, 6]])
    np.testing.assert_array_equal(fixed_first(np.array([1, 2]), found), [[1, 2, 5, 7], [1, 2, 9, 8]])


@pytest.mark.parametrize(("shape", "k"), [((3, 10_000), 384), ((2, 3, 5_000), 5), ((20_000,), 7), ((2, 2_500), 100)])
def test_the_largest_are_those_of_a_whole_sort(shape, k):
    scores = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    np.testing.assert_array_equal(largest(scores, k), np.argsort(-scores, axis=-1)[..., :k])


def test_ties_and_rows_with_little_in_them_are_sorted_too():
    scores = np.zeros((3, 9_000), np.float32)
    scores[1, 5:] = -np.inf
    scores[2, 4_000:] = np.nan
    assert [len(set(row)) for row in largest(scores, 50).tolist()] == [50, 50, 50]
    assert set(largest(scores[:2], 6)[1].tolist()) > set(range(5))
